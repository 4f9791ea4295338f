// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/python_traceback.hpp"

#include "launcher/evidence/rank_prefix.hpp"

namespace smlaunch {

namespace {

// Errors that Python finds before it runs anything have no traceback, only a place.
bool is_syntax_error(std::string_view line) {
  const std::string_view name = line.substr(0, line.find(':'));
  return name == "SyntaxError" || name == "IndentationError" || name == "TabError";
}

std::string_view without_rank(std::string_view line) {
  line.remove_prefix(parse_rank_prefix(line).length);
  return line;
}

}  // namespace

// "  + Exception Group " stands before an exception group's.
bool begins_traceback(std::string_view line) {
  line = without_rank(line);
  const std::size_t at = line.find(traceback_mark);
  return at == 0 || (at != std::string_view::npos && line.substr(0, at) == "  + Exception Group ");
}

std::optional<std::string_view> traceback_margin(std::string_view line) {
  line = without_rank(line);
  if (line.starts_with("  | ")) line.remove_prefix(4);
  if (line.empty() || line[0] == ' ' || line[0] == '\t' || line[0] == '|') return {};
  return line;
}

bool is_of_starter(std::string_view exception) {
  return exception.substr(0, exception.find(':')).ends_with("ChildFailedError");
}

bool is_between_chained(std::string_view line) {
  return line.find("During handling of the above exception") != std::string_view::npos ||
         line.find("The above exception was the direct cause") != std::string_view::npos;
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
    at = end;  // its last character is left out too
  }
  return plain;
}

std::optional<Traceback> find_traceback(const std::vector<std::string>& lines) {
  std::optional<Traceback> found;
  std::optional<std::size_t> traceback;
  std::optional<std::size_t> place;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string line = without_colours(lines[i]);
    if (begins_traceback(line)) {
      traceback = i;
      continue;
    }
    if (without_rank(line).starts_with("  File \"") && !place) place = i;
    const auto text = traceback_margin(line);
    if (!text) continue;
    const bool is_end = traceback || (place && is_syntax_error(*text));
    if (is_end && !is_of_starter(*text))
      found = Traceback{traceback.value_or(place.value_or(i)), i, std::string(*text)};
    traceback.reset();
    place.reset();
  }
  return found;
}

std::optional<std::string> find_python_exception(const std::vector<std::string>& lines) {
  const auto found = find_traceback(lines);
  return found ? std::optional(found->exception) : std::nullopt;
}

}  // namespace smlaunch
