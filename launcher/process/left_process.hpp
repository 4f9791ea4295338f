// SPDX-License-Identifier: Apache-2.0
// Processes that still run below this process.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

struct LeftProcess {
  int pid = 0;
  std::string command;
  std::optional<int> rank = {};  // RANK in its environment
  bool operator==(const LeftProcess&) const = default;
};

// /proc/PID/cmdline in a few words, for a log: the program, and its script if it has one. Never an option or
// a value, which may be secret. Empty: the command line is empty.
std::string describe_command(std::string_view cmdline);

// /proc/PID/environ: its RANK. Nothing: it has none.
std::optional<int> parse_rank(std::string_view environment);

// Our descendants that have not ended, at most 16.
std::vector<LeftProcess> find_left_processes();

}  // namespace smlaunch
