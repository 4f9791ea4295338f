// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/failure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "launcher/evidence/failure_reason.hpp"
#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t shown = 1024;  // bytes: never more than so many characters

// The end of a line that is longer than all the room that is left.
std::string end_of_line(const std::string& line, std::size_t room) {
  if (room < 2) return "";
  std::size_t begin = line.size() - std::min(line.size(), room - 1);
  while (begin < line.size() && (static_cast<unsigned char>(line[begin]) & 0xC0U) == 0x80) ++begin;
  return line.substr(begin) + "\n";
}

// Which of some lines are shown first: [begin, end), and the line that matters most.
struct Excerpt {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t most_important = 0;
};

// As many lines as there is room for: the end of a traceback and the lines after it; else the lines from the
// reason on, and then lines before it.
Excerpt choose_excerpt(const std::vector<std::string>& lines, std::size_t room) {
  const auto reason = find_reason(lines);
  const bool is_traceback = reason && reason->is_traceback;
  const std::size_t first = is_traceback ? reason->begin : 0;
  Excerpt excerpt{.begin = lines.size(), .end = lines.size(), .most_important = lines.size() - 1};
  if (is_traceback)
    excerpt = {.begin = reason->end, .end = reason->end, .most_important = reason->end - 1};
  else if (reason)
    excerpt = {.begin = reason->begin, .end = reason->begin, .most_important = reason->begin};
  const auto fits = [&](std::size_t line) {
    const std::size_t bytes = lines[line].size() + 1;
    if (bytes > room) return false;
    room -= bytes;
    return true;
  };
  const auto forward = [&] {
    while (excerpt.end < lines.size() && fits(excerpt.end)) ++excerpt.end;
  };
  if (!is_traceback) forward();
  while (excerpt.begin > first && fits(excerpt.begin - 1)) --excerpt.begin;
  if (is_traceback && excerpt.begin == first) forward();
  return excerpt;
}

std::string excerpt_of(const std::vector<std::string>& lines, std::size_t room) {
  const auto [begin, end, most_important] = choose_excerpt(lines, room);
  if (begin == end) return end_of_line(lines[most_important], room);
  std::string text;
  for (std::size_t i = begin; i < end; ++i) text += lines[i] + "\n";
  return text;
}

// The lines under the sentence, and whose they are.
struct Shown {
  std::string whose = {};
  std::vector<std::string> lines = {};
};

Shown choose_shown(const Outcome& outcome) {
  if (outcome.first_failure) {
    const FirstFailure& first = *outcome.first_failure;
    if (auto lines = first.last_lines(); !lines.empty())
      return {.whose = fmt::format("rank {} on {}", first.rank.value, first.host), .lines = std::move(lines)};
  }
  return {.whose = outcome.engine, .lines = outcome.engine_lines};
}

}  // namespace

std::string render_failure(const Outcome& outcome) {
  if (!outcome.failure_file.empty()) return outcome.failure_file;
  std::string text =
      fmt::format("{}: {}\n", to_string(outcome.failure_class), without_colours(outcome.message));
  const Shown under = choose_shown(outcome);
  if (under.lines.empty()) return text;
  std::vector<std::string> lines;
  std::string all;
  for (const std::string& line : under.lines) {
    lines.push_back(without_colours(line));
    all += lines.back() + "\n";
  }
  const std::size_t room = text.size() < shown ? shown - text.size() : 0;
  if (all.size() <= room) return text + all;
  return text + excerpt_of(lines, room) + fmt::format("\nall last lines of {}:\n", under.whose) + all;
}

std::vector<std::string> choose_last_lines(const std::vector<std::string>& lines, std::size_t most) {
  if (lines.size() <= most) return lines;
  const auto at = [&](std::size_t index) { return lines.begin() + static_cast<std::ptrdiff_t>(index); };
  const auto reason = find_reason(lines);
  if (!reason || reason->end + most > lines.size()) return {at(lines.size() - most), lines.end()};
  const std::size_t half = most / 2;
  const std::size_t first = reason->is_traceback ? reason->begin : 0;
  std::vector<std::string> chosen(at(std::max(first, reason->end > half ? reason->end - half : 0)),
                                  at(reason->end));
  chosen.emplace_back("[...]");
  chosen.insert(chosen.end(), at(lines.size() - (most - half - 1)), lines.end());
  return chosen;
}

}  // namespace smlaunch
