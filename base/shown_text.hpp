// SPDX-License-Identifier: Apache-2.0
// Text of strangers, such as a name in a file, as a message may show it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace smlaunch {

// Control characters but newline and tab become \xNN. Where that is more than `most` bytes the middle is left
// out, and how many bytes of the text that are is said.
std::string shown_text(std::string_view text, std::size_t most);

}  // namespace smlaunch
