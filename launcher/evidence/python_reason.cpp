// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/python_reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "launcher/evidence/python_traceback.hpp"

namespace smlaunch {

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t most_message_lines = 3;
constexpr std::size_t longest_cause = 200;  // bytes
constexpr std::size_t lines_of_child = 40;  // of a program, before its caller raised CalledProcessError

// A message that stands on the lines after the exception's line.
std::string rest_of_message(const Lines& lines, std::size_t after) {
  std::string text;
  std::size_t taken = 0;
  for (std::size_t i = after + 1; i < lines.size() && taken < most_message_lines; ++i) {
    if (begins_traceback(lines[i]) || is_between_chained(lines[i])) break;
    if (is_blank(lines[i])) {
      if (taken > 0) break;
      continue;
    }
    text += fmt::format(" {}", trimmed(lines[i]));
    ++taken;
  }
  return text;
}

// Where it was raised: `train.py line 12: assert n == 3`.
std::string place_of(const Lines& lines, const Traceback& traceback) {
  for (std::size_t i = traceback.end; i-- > traceback.begin;) {
    const std::string_view line = trimmed(lines[i]);
    if (!line.starts_with("File \"")) continue;
    const std::size_t quote = line.find('"', 6);
    if (quote == std::string_view::npos) return "";
    const std::string_view file = line.substr(6, quote - 6);
    std::string_view number = line.substr(std::min(line.find("line "), line.size()));
    number = number.substr(0, number.find(','));
    std::string place = fmt::format("{} {}", file.substr(file.rfind('/') + 1), number);
    if (i + 1 < traceback.end) place += fmt::format(": {}", trimmed(lines[i + 1]));
    return place;
  }
  return "";
}

std::string text_of(const Lines& lines, const Traceback& traceback) {
  std::string text(trimmed(traceback.exception));
  const bool is_boxed = is_boxed_traceback(lines[traceback.begin]);
  if (is_boxed || text.ends_with(':') || has(text, "validation error")) {
    const std::string rest = rest_of_message(lines, traceback.end);
    if (!rest.empty()) return text + rest;
    if (text.ends_with(':')) text.pop_back();
  }
  if (has(text, ":")) return text;
  const std::string place = place_of(lines, traceback);
  return place.empty() ? text : fmt::format("{}, at {}", text, place);
}

// "ValueError: Caught ValueError in DataLoader worker process 0." -> "DataLoader worker process 0"
std::string_view worker_in(std::string_view exception) {
  const std::size_t caught = exception.find(": Caught ");
  const std::size_t in = exception.find(" in ", std::min(caught, exception.size()));
  if (caught == std::string_view::npos || in == std::string_view::npos) return {};
  std::string_view worker = trimmed(exception.substr(in + 4));
  if (worker.ends_with('.')) worker.remove_suffix(1);
  return worker;
}

// The first leaf of an exception group.
std::string first_of_group(const Lines& lines, const Traceback& group) {
  bool is_inside = false;
  for (std::size_t i = group.end + 1; i < lines.size(); ++i) {
    const std::string_view line = trimmed(lines[i]);
    if (line.starts_with("+-+")) is_inside = true;
    if (!is_inside || !line.starts_with("| ") || has(line, traceback_mark)) continue;
    if (line.size() > 2 && line[2] != ' ') return std::string(line.substr(2));
  }
  return "";
}

// The words of the program about which subprocess.check_call() complains.
std::string words_of_child(const Lines& lines, const Traceback& traceback) {
  const std::size_t first = traceback.begin - std::min(traceback.begin, lines_of_child);
  for (std::size_t i = traceback.begin; i-- > first;) {
    const std::string_view line = trimmed(lines[i]);
    if (line.starts_with("ERROR: ") || line.starts_with("error: ") || has(line, ": error: "))
      return std::string(line);
  }
  return "";
}

}  // namespace

std::optional<Reason> find_python_reason(const Lines& lines) {
  const std::vector<Traceback> all = find_tracebacks(lines);
  const auto chosen = choose_traceback(all);
  if (!chosen) return {};
  std::size_t first = *chosen;
  while (first > 0 && all[first].chain != Chain::none) --first;
  const Traceback& last = all[*chosen];
  Reason reason{.text = text_of(lines, last),
                .begin = last.begin,
                .end = last.end + 1,
                .is_error = true,
                .is_traceback = true};
  const auto add = [&](std::string_view how, const std::string& what) {
    if (!what.empty() && !has(reason.text, what))
      reason.text += fmt::format("; {}{}", how, one_line(what, longest_cause));
  };
  if (last.chain == Chain::original) {
    if (const auto worker = worker_in(all[*chosen - 1].exception); !worker.empty())
      reason.text += fmt::format(", in {}", worker);
    reason.begin = all[*chosen - 1].begin;
  } else if (first < *chosen) {
    const bool is_cause = all[first + 1].chain == Chain::cause;
    add(is_cause ? "caused by " : "while handling ", text_of(lines, all[first]));
  }
  add("the first of them: ", first_of_group(lines, last));
  if (has(last.exception, "CalledProcessError")) add("", words_of_child(lines, last));
  return reason;
}

}  // namespace smlaunch
