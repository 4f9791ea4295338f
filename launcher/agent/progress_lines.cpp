// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/progress_lines.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace smlaunch {

namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
// So much of every second goes into matching.
constexpr std::uint64_t most_spent_ns = 50'000'000;
constexpr std::size_t most_lines_at_once = 200;

// So many of the lines for which there was no time.
constexpr std::size_t most_lines_kept = 4;
constexpr std::size_t most_kept_bytes = 16384;

std::string_view take_line(std::string_view& lines) {
  const std::string_view line = lines.substr(0, lines.find('\n'));
  lines.remove_prefix(std::min(line.size() + 1, lines.size()));
  return line;
}

// The last `most` of them.
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
  if (!lines.empty() && spent_ns_ < most_spent_ns) newest_.clear();  // older than these
  while (!lines.empty() && spent_ns_ < most_spent_ns) look_at(take_line(lines));
  newest_ += lines;
  if (newest_.size() > most_kept_bytes || !lines.empty())
    newest_ = last_lines(newest_, most_lines_kept).substr(0, most_kept_bytes);
}

Progress ProgressLines::take_all() {
  for (std::string_view lines = newest_; !lines.empty();) look_at(take_line(lines));
  newest_.clear();
  return std::exchange(said_, {});
}

void ProgressLines::look_at(std::string_view line) {
  const std::uint64_t begin_ns = clock_();
  said_.add(pattern_.match(line));
  spent_ns_ += clock_() - begin_ns;
}

}  // namespace smlaunch
