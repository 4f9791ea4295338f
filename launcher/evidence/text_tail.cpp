// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/text_tail.hpp"

#include <algorithm>

#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_lines = 200;
constexpr std::size_t most_bytes = 16U << 10U;
constexpr std::size_t longest_shown = 4U << 10U;
}  // namespace

void TextTail::add(std::string_view lines, std::uint64_t now_ns) {
  // Only the end of a large block can stay.
  if (lines.size() > 4 * most_bytes) {
    lines = lines.substr(lines.size() - 4 * most_bytes);
    in_lost_traceback_ = false;
  }
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines_.emplace_back(line.substr(0, longest_shown));
    if (begins_traceback(line)) traceback_ns_ = now_ns;
    bytes_ += lines_.back().size();
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    while (lines_.size() > most_lines || bytes_ > most_bytes) {
      bytes_ -= lines_.front().size();
      keep_traceback(std::move(lines_.front()));
      lines_.pop_front();
    }
  }
}

// `line` leaves the tail.
void TextTail::keep_traceback(std::string line) {
  if (begins_traceback(line)) {
    if (!begins_original_traceback(line)) {
      traceback_.clear();
      traceback_bytes_ = 0;
    }
    in_lost_traceback_ = true;
  } else if (!in_lost_traceback_) {
    return;
  } else if (traceback_margin(line)) {
    in_lost_traceback_ = false;
  }
  traceback_bytes_ += line.size();
  if (traceback_bytes_ <= most_traceback_bytes) traceback_.push_back(std::move(line));
}

std::vector<std::string> TextTail::lines() const {
  std::vector<std::string> all;
  const bool has_later =
      std::any_of(lines_.begin(), lines_.end(), [](const auto& line) { return begins_traceback(line); });
  if (!traceback_.empty() && (in_lost_traceback_ || !has_later)) {
    all = traceback_;
    if (!in_lost_traceback_ || traceback_bytes_ > most_traceback_bytes) all.emplace_back("[...]");
  }
  all.insert(all.end(), lines_.begin(), lines_.end());
  return all;
}

}  // namespace smlaunch
