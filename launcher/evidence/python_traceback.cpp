// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/python_traceback.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "launcher/evidence/rank_prefix.hpp"

namespace smlaunch {

namespace {

bool is_cause_of_next(std::string_view line) {
  return line.find("The above exception was the direct cause") != std::string_view::npos;
}

// Errors that Python finds before it runs anything have a place, but no traceback.
bool is_syntax_error(std::string_view line) {
  const std::string_view name = line.substr(0, line.find(':'));
  return name == "SyntaxError" || name == "IndentationError" || name == "TabError";
}

constexpr std::array<std::string_view, 4> box_corners = {"╭", "┌", "┏", "+--"};
constexpr std::array<std::string_view, 6> box_sides = {"│", "┃", "╰", "└", "┗", "+-"};

bool begins_with_one_of(std::string_view line, const auto& words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view each) { return line.starts_with(each); });
}

std::string_view without_rank(std::string_view line) {
  line.remove_prefix(parse_rank_prefix(line).length);
  return line;
}

// Words before the traceback of an exception that did not end the program.
bool is_aside(std::string_view line) {
  constexpr std::array<std::string_view, 4> words = {"Exception ignored in", "Exception in thread ",
                                                     "Error in atexit.", "Error in sys."};
  return begins_with_one_of(line, words);
}

}  // namespace

// " + Exception Group " stands before the traceback of an exception group, "Original " before a worker
// process's, the frame of a box before Rich's.
bool begins_traceback(std::string_view line) {
  line = without_rank(line);
  const std::size_t at = line.find(traceback_mark);
  if (at == std::string_view::npos) return false;
  return at == 0 || line.substr(0, at) == "  + Exception Group " || begins_original_traceback(line) ||
         is_boxed_traceback(line);
}

bool is_boxed_traceback(std::string_view line) {
  line = without_rank(line);
  return begins_with_one_of(line, box_corners) && line.find(traceback_mark) != std::string_view::npos;
}

bool begins_original_traceback(std::string_view line) {
  constexpr std::string_view original = "Original ";
  line = without_rank(line);
  return line.starts_with(original) && line.find(traceback_mark) == original.size();
}

std::optional<std::string_view> traceback_margin(std::string_view line) {
  line = without_rank(line);
  if (line.starts_with("  | ")) line.remove_prefix(4);
  if (line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '|') return {};
  if (begins_with_one_of(line, box_corners) || begins_with_one_of(line, box_sides)) return {};
  if (line.starts_with("> File \"")) return {};  // loguru's mark of a frame
  return line;
}

bool is_of_starter(std::string_view exception) {
  const std::string_view type = exception.substr(0, exception.find(':'));
  return type.ends_with("ChildFailedError") || type.ends_with("multiprocessing.api.SignalException");
}

bool is_between_chained(std::string_view line) {
  return line.find("During handling of the above exception") != std::string_view::npos ||
         is_cause_of_next(line);
}

std::string without_colours(std::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at, 2) != "\x1b[") {
      plain += text[at];
      continue;
    }
    std::size_t end = at + 2;
    while (end < text.size() && text[end] >= 0x20 && text[end] < 0x40) ++end;
    at = end;  // the sequence's last character is left out, too
  }
  return plain;
}

std::vector<Traceback> find_tracebacks(const std::vector<std::string>& lines) {
  std::vector<Traceback> found;
  std::optional<Traceback> open;  // its exception has not come yet
  std::optional<std::size_t> place;
  Chain chain = Chain::none;
  bool aside = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string coloured = without_colours(lines[i]);
    const std::string_view line = without_rank(coloured);
    if (begins_traceback(line)) {
      open = Traceback{.begin = i};
      if (!found.empty()) open->chain = begins_original_traceback(line) ? Chain::original : chain;
      open->is_aside = aside || (open->chain != Chain::none && found.back().is_aside);
      chain = Chain::none;
      aside = false;
      continue;
    }
    if (is_between_chained(line)) chain = is_cause_of_next(line) ? Chain::cause : Chain::handling;
    if (line.starts_with("  File \"") && !place) place = i;
    const auto text = traceback_margin(line);
    if (!text) continue;
    aside = is_aside(line);
    if (!open && place && is_syntax_error(*text)) open = Traceback{.begin = *place};
    if (open && !is_of_starter(*text)) {
      open->end = i;
      open->exception = *text;
      found.push_back(*std::move(open));
    }
    open.reset();
    place.reset();
  }
  return found;
}

std::optional<std::size_t> choose_traceback(const std::vector<Traceback>& tracebacks) {
  for (std::size_t i = tracebacks.size(); i-- > 0;)
    if (!tracebacks[i].is_aside) return i;
  if (tracebacks.empty()) return {};
  return tracebacks.size() - 1;
}

std::optional<Traceback> find_traceback(const std::vector<std::string>& lines) {
  std::vector<Traceback> all = find_tracebacks(lines);
  const auto chosen = choose_traceback(all);
  if (!chosen) return {};
  return std::move(all[*chosen]);
}

std::optional<std::string> find_python_exception(const std::vector<std::string>& lines) {
  const auto found = find_traceback(lines);
  return found ? std::optional(found->exception) : std::nullopt;
}

}  // namespace smlaunch
