// SPDX-License-Identifier: Apache-2.0
// Secrets that a text shows by its form, whatever it belongs to.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace smlaunch {

struct TextPart {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool operator==(const TextPart&) const = default;
};

// In order, none empty, none within another: the password of a URL (and whoever logs in by http without one:
// that is a token), what its query names as a key, a token or a signature, the value of NAME=VALUE where NAME
// looks secret, what follows "Authorization:" and "Bearer".
std::vector<TextPart> find_secrets_in_text(std::string_view text);

}  // namespace smlaunch
