// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/heartbeat_line.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace smlaunch {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_number = 64;
constexpr std::string_view ask_name = "smlaunch";
constexpr std::string_view blanks = " \t\r";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_in_name(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '-'; }

}  // namespace

std::optional<double> parse_progress_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.size() > longest_number || text.starts_with('+')) return {};
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped != end) return {};
  return number;
}

bool is_progress_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), is_in_name);
}

Progress parse_heartbeat_line(std::string_view line) {
  Progress progress{.beats = 1};
  line = line.substr(0, longest_heartbeat_line);
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    if (line.empty()) return progress;
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    const std::size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = word.substr(0, equals);
    const std::string_view value = word.substr(equals + 1);
    if (name == ask_name) {
      if (const auto ask = parse_ask(value)) progress.ask = ask;
    } else if (const auto number = parse_progress_number(value); number && is_progress_name(name)) {
      if (progress.values.size() < most_progress_values) progress.values[std::string(name)] = *number;
    }
  }
}

}  // namespace smlaunch
