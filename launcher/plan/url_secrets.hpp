// SPDX-License-Identifier: Apache-2.0
// Secrets in the URLs of a text.
#pragma once

#include <string_view>
#include <vector>

#include "launcher/plan/secret_text.hpp"

namespace smlaunch {

inline constexpr std::string_view ends_of_a_word = " \t\r\n\"'<>`";

// A password, whoever logs in by http without one (that is a token), and what the query names as a key, a
// token or a signature.
std::vector<TextPart> find_secrets_in_urls(std::string_view text);

}  // namespace smlaunch
