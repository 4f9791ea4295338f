// SPDX-License-Identifier: Apache-2.0
// A job of two hosts with eight ranks each, for the tests of mpirun's command line.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

#include "mpi/mpi_settings.hpp"
#include "mpi/mpirun.hpp"
#include "mpi/shell_words.hpp"

namespace smlaunch {

inline MpirunRequest two_hosts() {
  MpirunRequest request;
  request.hosts = {{"algo-1", 8}, {"algo-2", 8}};
  request.processes = 16;
  request.tcp_include = "eth0";
  request.exported_values = {
      {"NCCL_MIN_NRINGS", "4"}, {"NCCL_SOCKET_IFNAME", "eth0"}, {"NCCL_DEBUG", "INFO"}};
  request.exported = {"LD_LIBRARY_PATH", "PATH"};
  request.program = {"/usr/bin/smlaunch", "rank", "--", "python3", "train.py"};
  return request;
}

inline MpirunRequest with_options(std::string_view options, int major = 4) {
  MpirunRequest request = two_hosts();
  if (major == 5) request.version = {5, 0, 7};
  request.settings =
      parse_mpi_settings(split_shell_words(options).value(), "MPI options", {}, request.version).value();
  return request;
}

inline std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

inline std::string line(const MpirunRequest& request) {
  const Result<MpirunCommand> command = mpirun_command(request);
  if (!command) return command.error().problems.front().what;
  return joined(command->argv);
}

// The options between what stands before and behind them in every command of two_hosts().
inline std::string user_part(const MpirunCommand& command) {
  const std::string text = joined(command.argv);
  const std::string before = "-x PATH";
  const std::size_t start = text.find(before) + before.size();
  const std::size_t end = text.find(" /usr/bin/smlaunch");
  return start == end ? "" : text.substr(start + 1, end - start - 1);
}

}  // namespace smlaunch
