// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/error_line.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "launcher/evidence/reason.hpp"

namespace smlaunch {

namespace {

bool is_of_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

bool has_any(std::string_view text, const auto& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view each) { return has(text, each); });
}

// ERROR as a level, and neither "0 ERROR" of a summary nor a part of NCCL_ASYNC_ERROR_HANDLING.
bool has_level(std::string_view line) {
  constexpr std::array<std::string_view, 3> levels = {"ERROR", "FATAL", "CRITICAL"};
  for (const std::string_view level : levels)
    for (std::size_t at = line.find(level); at != line.npos; at = line.find(level, at + 1)) {
      const std::size_t end = at + level.size();
      const bool begins = at == 0 || !is_of_word(line[at - 1]);
      const bool ends = end == line.size() || !is_of_word(line[end]);
      const std::string_view before = trimmed(line.substr(0, at));
      const bool is_count = before == "0" || before.ends_with(" 0") || before.ends_with(" no");
      if (begins && ends && !is_count) return true;
    }
  return false;
}

// "level=error", "\"level\": \"error\"", "severity: fatal"
bool has_level_field(std::string_view line) {
  constexpr std::array<std::string_view, 3> names = {"level", "lvl", "severity"};
  constexpr std::array<std::string_view, 3> levels = {"error", "fatal", "critical"};
  const std::string low = lower(line);
  for (const std::string_view name : names)
    for (std::size_t at = low.find(name); at != low.npos; at = low.find(name, at + 1)) {
      const std::size_t end = at + name.size();
      const std::size_t sign = low.find_first_not_of("\"' ", end);
      if (sign == low.npos || (low[sign] != '=' && low[sign] != ':')) continue;
      const std::size_t value = std::min(low.find_first_not_of("\"' ", sign + 1), low.size());
      for (const std::string_view level : levels)
        if (low.compare(value, level.size(), level) == 0) return true;
    }
  return false;
}

// "ValueError: …", "java.io.IOException: …"
bool names_exception(std::string_view line) {
  const std::size_t end = line.find(": ");
  if (end == line.npos) return false;
  const std::string_view type = line.substr(0, end);
  return (type.ends_with("Error") || type.ends_with("Exception")) &&
         std::all_of(type.begin(), type.end(), [](char c) { return is_of_word(c) || c == '.'; });
}

}  // namespace

bool is_error_line(std::string_view line) {
  constexpr std::array<std::string_view, 7> beginnings = {
      "Error: ", "error: ", "Fatal: ", "fatal: ", "Fatal error", "fatal error", "Error in "};
  constexpr std::array<std::string_view, 5> parts = {
      ": error: ", ": Error: ", ": fatal error: ", ": syntax error", ": Syntax error"};
  line = trimmed(line);
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view each) { return line.starts_with(each); }) ||
         has_any(line, parts) || names_exception(line) || has_level(line) || has_level_field(line);
}

bool reads_like_error(std::string_view line) {
  constexpr std::array<std::string_view, 6> words = {"error",           "fatal",           "exception",
                                                     "no module named", "can't open file", "can't locate"};
  return has_any(lower(line), words);
}

bool complains(std::string_view line) {
  constexpr std::array<std::string_view, 16> words = {
      "missing",  "invalid", "not found", "no such", "cannot",   "can't",       "could not",  "failed",
      "required", "lacks ",  "must be",   "unknown", "expected", "unsupported", "unable to ", "denied"};
  return reads_like_error(line) || has_any(lower(line), words);
}

}  // namespace smlaunch
