// SPDX-License-Identifier: Apache-2.0
// POSIX shell words, without a shell: how a string of options is taken apart, and how an argv is shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

// Splits as sh does: blanks, 'single', "double" with \ before $ ` " \ newline, \ outside quotes, # is no
// comment. Nothing is expanded: $, ~, * and ` stand for themselves. Errors (Fault::configuration): an
// unclosed quote, a trailing backslash.
Result<std::vector<std::string>> split_shell_words(std::string_view text);

// One word that sh reads back as `word`; quoted only where needed.
std::string quote_shell_word(std::string_view word);

}  // namespace smlaunch
