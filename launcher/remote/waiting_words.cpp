// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/waiting_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace smlaunch {

namespace {

constexpr std::string_view begin_of_line = "waiting ";
constexpr std::size_t files_of_each = 4;  // its streams, and the process

}  // namespace

std::size_t files_of_waiting_logins(std::size_t hosts) {
  return files_of_each * std::min(hosts, most_logins_that_wait);
}

std::string frame_waiting(std::string_view text) {
  return fmt::format("{}{}\n{}", begin_of_line, text.size(), text);
}

std::optional<std::size_t> parse_waiting_line(std::string_view line) {
  if (!line.starts_with(begin_of_line)) return {};
  line.remove_prefix(begin_of_line.size());
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), length);
  if (error != std::errc() || end != line.data() + line.size() || length > longest_waiting_input) return {};
  return length;
}

bool says_it_waits(std::string_view output) {
  if (!output.ends_with(waits_line)) return false;
  output.remove_suffix(waits_line.size());
  return output.ends_with('\n');
}

}  // namespace smlaunch
