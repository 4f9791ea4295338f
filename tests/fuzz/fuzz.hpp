// SPDX-License-Identifier: Apache-2.0
// What a fuzzer is: a function of some bytes. It may do anything with them but crash, hang, or break its
// promise.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

void fuzz(std::string_view bytes);

// A promise that holds whatever the bytes are.
inline void must(bool holds) {
  if (!holds) std::abort();
}

inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace smlaunch
