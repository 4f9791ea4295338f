// SPDX-License-Identifier: Apache-2.0
// --progress REGEX, the first line here, and the lines of a rank that the expression is held against.
#include <algorithm>

#include "launcher/progress/heartbeat_line.hpp"
#include "launcher/progress/progress_pattern.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const std::vector<std::string> lines = lines_of(bytes);
  if (lines.empty()) return;
  const auto pattern = ProgressPattern::parse(lines.front(), "--progress");
  if (!pattern) return;
  constexpr std::size_t most_lines = 2;  // each may take a large part of a second
  for (std::size_t i = 1; i < std::min(lines.size(), most_lines + 1); ++i)
    for (const auto& [name, value] : pattern->match(lines[i]).values) must(is_progress_name(name));
}

}  // namespace smlaunch
