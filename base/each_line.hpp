// SPDX-License-Identifier: Apache-2.0
// The lines of a text that is there as a whole.
#pragma once

#include <algorithm>
#include <string_view>

namespace smlaunch {

// Calls `use` with each line, without its newline. The last line needs none.
template <class Use>
void for_each_line(std::string_view text, const Use& use) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    use(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace smlaunch
