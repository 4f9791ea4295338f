// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/progress_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace smlaunch {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
// Of every second.
constexpr std::uint64_t most_spent_ns = 50'000'000;
constexpr std::size_t most_lines_at_once = 200;

// The last of them.
std::string_view last_lines(std::string_view lines, std::size_t most) {
  std::size_t at = lines.size();
  for (std::size_t count = 0; count <= most && at != std::string_view::npos && at > 0; ++count)
    at = lines.rfind('\n', at - 1);
  return at == std::string_view::npos || at == 0 ? lines : lines.substr(at + 1);
}

}  // namespace

void ProgressLines::take(std::string_view lines, std::uint64_t now_ns) {
  if (now_ns - second_begin_ns_ >= second_ns) {
    second_begin_ns_ = now_ns;
    spent_ns_ = 0;
  }
  lines = last_lines(lines, most_lines_at_once);
  while (!lines.empty() && spent_ns_ < most_spent_ns) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    const std::uint64_t begin_ns = clock_();
    said_.add(pattern_.match(line));
    spent_ns_ += clock_() - begin_ns;
  }
}

Progress ProgressLines::take_all() { return std::exchange(said_, {}); }

}  // namespace smlaunch
