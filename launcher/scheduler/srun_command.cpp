// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/srun_command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace smlaunch {

namespace {

// Linux passes 131,071 bytes in one argument.
constexpr std::size_t longest_list = 120'000;

}  // namespace

const std::vector<std::string>& options_of_the_job() {
  static const std::vector<std::string> names = {"SLURM_NTASKS",
                                                 "SLURM_NPROCS",
                                                 "SLURM_NTASKS_PER_NODE",
                                                 "SLURM_NTASKS_PER_CORE",
                                                 "SLURM_NTASKS_PER_GPU",
                                                 "SLURM_NTASKS_PER_SOCKET",
                                                 "SLURM_NTASKS_PER_TRES",
                                                 "SLURM_CPUS_PER_TASK",
                                                 "SLURM_TRES_PER_TASK",
                                                 "SLURM_GPUS",
                                                 "SLURM_GPUS_PER_NODE",
                                                 "SLURM_GPUS_PER_TASK",
                                                 "SLURM_GPUS_PER_SOCKET",
                                                 "SLURM_GPU_BIND",
                                                 "SLURM_GRES",
                                                 "SLURM_CPU_BIND",
                                                 "SLURM_MEM_BIND",
                                                 "SLURM_DISTRIBUTION",
                                                 "SLURM_EXPORT_ENV",
                                                 "SLURM_HOSTFILE",
                                                 "SLURM_EXACT",
                                                 "SLURM_EXCLUSIVE",
                                                 "SLURM_WHOLE",
                                                 "SLURM_HINT",
                                                 "SLURM_THREADS_PER_CORE",
                                                 "SLURM_CORE_SPEC",
                                                 "SLURM_LABELIO",
                                                 "SLURM_STDINMODE"};
  return names;
}

const std::vector<std::string>& options_for_programs() {
  static const std::vector<std::string> names = {"SLURM_CPUS_PER_TASK", "SLURM_GPUS", "SLURM_GPUS_PER_NODE",
                                                 "SLURM_GPUS_PER_TASK"};
  return names;
}

std::vector<std::string> begin_srun(std::size_t hosts, std::size_t tasks) {
  return {"srun",
          "--quiet",
          "--overlap",
          "--mpi=none",
          "--cpu-bind=none",
          "--export=ALL",
          "--kill-on-bad-exit=0",
          fmt::format("--nodes={}", hosts),
          fmt::format("--ntasks={}", tasks)};
}

std::vector<std::string> make_agents_step(const std::vector<std::pair<std::string, int>>& hosts) {
  std::size_t tasks = 0;
  std::string each_once;
  std::string each_rank;
  for (const auto& [name, ranks] : hosts) {
    tasks += static_cast<std::size_t>(ranks);
    each_once += (each_once.empty() ? "" : ",") + name;
    for (int i = 0; i < ranks; ++i) each_rank += (each_rank.empty() ? "" : ",") + name;
  }
  std::vector<std::string> argv = begin_srun(hosts.size(), tasks);
  // A host may have more ranks than CPUs; a lost host, or a rank that has ended, is our business.
  argv.insert(argv.end(), {"--overcommit", "--no-kill", "--wait=0", "--input=none", "--label"});
  const bool are_equal = std::all_of(hosts.begin(), hosts.end(),
                                     [&](const auto& host) { return host.second == hosts.front().second; });
  // Where the list does not fit, Slurm's order has to do.
  if (are_equal && each_rank.size() > longest_list)
    argv.insert(argv.end(), {fmt::format("--ntasks-per-node={}", hosts.front().second),
                             "--distribution=block", "--nodelist=" + each_once});
  else
    argv.insert(argv.end(), {"--distribution=arbitrary", "--nodelist=" + each_rank});
  return argv;
}

std::optional<TaggedLine> parse_labelled_line(std::string_view line) {
  const std::size_t first = line.find_first_not_of(' ');
  const std::size_t colon = line.find(": ");
  if (first == std::string_view::npos || colon == std::string_view::npos || first >= colon) return {};
  TaggedLine found;
  const char* end = line.data() + colon;
  const auto [stopped, error] = std::from_chars(line.data() + first, end, found.rank);
  if (error != std::errc() || stopped != end || found.rank < 0) return {};
  found.text = line.substr(colon + 2);
  return found;
}

}  // namespace smlaunch
