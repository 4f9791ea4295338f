// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/text_tail.hpp"

#include <algorithm>

namespace smlaunch {

namespace {

constexpr std::size_t most_lines = 200;
constexpr std::size_t most_bytes = 16U << 10U;
constexpr std::size_t longest_shown = 4U << 10U;
constexpr std::size_t most_traceback_bytes = 32U << 10U;
constexpr std::string_view traceback_mark = "Traceback (most recent call last)";

// "  + Exception Group " stands before an exception group's.
bool begins_traceback(std::string_view line) {
  const std::size_t at = line.find(traceback_mark);
  return at == 0 || (at != std::string_view::npos && line.substr(0, at) == "  + Exception Group ");
}

// What stands at the margin of a traceback, or behind the bar of an exception group's; nothing for what is
// further in.
std::optional<std::string_view> margin(std::string_view line) {
  if (line.starts_with("  | ")) line.remove_prefix(4);
  if (line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '|') return {};
  return line;
}

// Errors that Python finds before it runs anything have no traceback, only a place.
bool is_syntax_error(std::string_view line) {
  const std::string_view name = line.substr(0, line.find(':'));
  return name == "SyntaxError" || name == "IndentationError" || name == "TabError";
}

// torchrun's own words about a rank's failure: it is the rank's that matters.
bool is_of_starter(std::string_view line) {
  return line.substr(0, line.find(':')).ends_with("ChildFailedError");
}

}  // namespace

void TextTail::add(std::string_view lines, std::uint64_t now_ns) {
  // Of a large block only the end can stay.
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
    traceback_.clear();
    traceback_bytes_ = 0;
    in_lost_traceback_ = true;
  } else if (!in_lost_traceback_) {
    return;
  } else if (margin(line)) {
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

std::optional<std::string> find_python_exception(const std::vector<std::string>& lines) {
  std::optional<std::string> found;
  bool in_traceback = false;
  bool after_place = false;
  for (const std::string& line : lines) {
    if (begins_traceback(line)) {
      in_traceback = true;
      continue;
    }
    if (line.starts_with("  File \"")) after_place = true;
    const auto text = margin(line);
    if (!text) continue;
    if (in_traceback || (after_place && is_syntax_error(*text)))
      if (!is_of_starter(*text)) found = *text;
    in_traceback = false;
    after_place = false;
  }
  return found;
}

}  // namespace smlaunch
