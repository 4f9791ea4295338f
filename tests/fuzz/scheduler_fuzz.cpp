// SPDX-License-Identifier: Apache-2.0
// A scheduler's variables, a NAME=VALUE on each line, and the file that they may name, behind a zero byte.
#include "launcher/scheduler/allocation.hpp"
#include "launcher/scheduler/excluded_hosts.hpp"
#include "launcher/scheduler/slurm_allocation.hpp"
#include "launcher/scheduler/srun_command.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  const std::string file(bytes.substr(std::min(end + 1, bytes.size())));
  Variables variables;
  for (const std::string& line : lines_of(bytes.substr(0, end))) {
    const std::size_t equals = std::min(line.find('='), line.size());
    variables[line.substr(0, equals)] = line.substr(std::min(equals + 1, line.size()));
    (void)parse_labelled_line(line);
  }
  SchedulerWorld world;
  world.own_name = "algo-1";
  world.read_file = [&](const std::string&) -> Result<std::string> { return file; };
  if (const auto found = find_allocation({}, variables, world); found && *found) {
    must(!(*found)->hosts.empty());
    must((*found)->cpus.empty() || (*found)->cpus.size() == (*found)->hosts.size());
  }
  if (const auto counts = parse_slurm_counts(bytes))
    for (const int count : *counts) must(count > 0);
  (void)parse_excluded_file(bytes, "file");
}

}  // namespace smlaunch
