// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/failure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t shown = 1024;  // bytes: never more than so many characters

// The end of a line that is longer than all the room there is.
std::string end_of_line(const std::string& line, std::size_t room) {
  if (room < 2) return "";
  std::size_t begin = line.size() - std::min(line.size(), room - 1);
  while (begin < line.size() && (static_cast<unsigned char>(line[begin]) & 0xC0U) == 0x80) ++begin;
  return line.substr(begin) + "\n";
}

// As much as there is room for: the end of the traceback, and what follows it; or the end of the lines.
std::string excerpt(const std::vector<std::string>& lines, std::size_t room) {
  const auto traceback = find_traceback(lines);
  const std::size_t first = traceback ? traceback->begin : 0;
  const std::size_t end = traceback ? traceback->end + 1 : lines.size();
  std::string text;
  std::size_t begin = end;
  while (begin > first && text.size() + lines[begin - 1].size() + 1 <= room)
    text.insert(0, lines[--begin] + "\n");
  if (begin == end && end > first) return end_of_line(lines[end - 1], room);
  for (std::size_t i = end; begin == first && i < lines.size(); ++i) {
    if (text.size() + lines[i].size() + 1 > room) break;
    text += lines[i] + "\n";
  }
  return text;
}

}  // namespace

std::string render_failure(const Outcome& outcome) {
  if (!outcome.failure_file.empty()) return outcome.failure_file;
  std::string text =
      fmt::format("{}: {}\n", to_string(outcome.failure_class), without_colours(outcome.message));
  if (!outcome.first_failure) return text;
  const FirstFailure& first = *outcome.first_failure;
  const std::vector<std::string> last_lines = first.last_lines();
  if (last_lines.empty()) return text;
  std::vector<std::string> lines;
  std::string all;
  for (const std::string& line : last_lines) {
    lines.push_back(without_colours(line));
    all += lines.back() + "\n";
  }
  const std::size_t room = text.size() < shown ? shown - text.size() : 0;
  if (all.size() <= room) return text + all;
  return text + excerpt(lines, room) +
         fmt::format("\nall last lines of rank {} on {}:\n", first.rank.value, first.host) + all;
}

std::vector<std::string> choose_last_lines(const std::vector<std::string>& lines, std::size_t most) {
  if (lines.size() <= most) return lines;
  const auto at = [&](std::size_t index) { return lines.begin() + static_cast<std::ptrdiff_t>(index); };
  const auto traceback = find_traceback(lines);
  if (!traceback || traceback->end + most >= lines.size()) return {at(lines.size() - most), lines.end()};
  const std::size_t half = most / 2;
  const std::size_t end = traceback->end + 1;
  std::vector<std::string> chosen(at(std::max(traceback->begin, end > half ? end - half : 0)), at(end));
  chosen.emplace_back("[...]");
  chosen.insert(chosen.end(), at(lines.size() - (most - half - 1)), lines.end());
  return chosen;
}

}  // namespace smlaunch
