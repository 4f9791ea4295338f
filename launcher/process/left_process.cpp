// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/left_process.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstddef>

#include "base/read_file.hpp"
#include "launcher/process/descendants.hpp"
#include "launcher/process/proc_stat.hpp"
#include "launcher/process/process_variable.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_processes = 16;
constexpr std::size_t longest_word = 80;

// A file, a module, a word such as `cp`; no URL, no NAME=VALUE.
bool is_plain(std::string_view word) {
  return !word.empty() && word.size() <= longest_word && word.front() != '-' &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-' || c == '/';
         });
}

std::optional<int> read_rank(int pid) {
  return parse_rank(read_small_file("/proc/" + std::to_string(pid) + "/environ"));
}

}  // namespace

std::optional<int> parse_rank(std::string_view environment) {
  const auto value = find_variable(environment, "RANK");
  if (!value) return {};
  int rank = 0;
  const auto [stop, error] = std::from_chars(value->data(), value->data() + value->size(), rank);
  const bool is_number = error == std::errc() && stop == value->data() + value->size() && rank >= 0;
  return is_number ? std::optional(rank) : std::nullopt;
}

std::string describe_command(std::string_view cmdline) {
  const std::size_t end = std::min(cmdline.find('\0'), cmdline.size());
  const std::string_view program = cmdline.substr(0, std::min(end, longest_word));
  std::string_view next = cmdline.substr(std::min(end + 1, cmdline.size()));
  next = next.substr(0, next.find('\0'));
  return std::string(program) + (is_plain(next) ? " " + std::string(next) : "");
}

std::vector<LeftProcess> find_left_processes() {
  std::vector<LeftProcess> found;
  for (const int pid : find_descendants(getpid())) {
    const auto stat = read_proc_stat(pid);
    if (!stat || stat->state == 'Z' || stat->is_ending) continue;
    const std::string command =
        describe_command(read_small_file("/proc/" + std::to_string(pid) + "/cmdline"));
    found.push_back({pid, command.empty() ? stat->name : command, read_rank(pid)});
    if (found.size() == most_processes) break;
  }
  return found;
}

}  // namespace smlaunch
