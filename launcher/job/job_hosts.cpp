// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smlaunch {

const std::vector<std::string>& hosts_together(const Environment& environment) {
  return environment.distribution_hosts.empty() ? environment.hosts : environment.distribution_hosts;
}

std::vector<std::string> hosts_of_plan(const Environment& environment, bool runs_alone) {
  if (runs_alone) return {environment.current_host};
  std::vector<std::string> hosts = hosts_together(environment);
  // mpirun maps its own host first.
  const auto first = std::find(hosts.begin(), hosts.end(), environment.leader);
  if (first != hosts.end()) std::rotate(hosts.begin(), first, first + 1);
  return hosts;
}

Result<void> set_spare_hosts_aside(const Options& options, std::vector<std::string>& hosts, Job& job) {
  if (options.spare_hosts == 0) return {};
  const std::string where = source_of(options, "spare-hosts", "--spare-hosts");
  if (job.runs_alone)
    return failure(
        Fault::usage, where,
        fmt::format("under launcher {} each host runs by itself, and none can take another's place",
                    to_string(job.spec.launcher)),
        "leave it out, or take --launcher mpi or ddp");
  if (job.self_started)
    return failure(Fault::usage, where,
                   "hosts that start themselves have none to spare: each has its node rank",
                   "leave it out: with --max-restarts a host that is started again has its place");
  const auto spare = static_cast<std::size_t>(options.spare_hosts);
  if (spare >= hosts.size())
    return failure(Fault::usage, where,
                   fmt::format("{} of {} hosts would leave none to run ranks", spare, hosts.size()),
                   "give fewer spare hosts, or more hosts");
  job.spare_hosts.assign(hosts.end() - static_cast<std::ptrdiff_t>(spare), hosts.end());
  hosts.resize(hosts.size() - spare);
  job.spec.spare_hosts = job.spare_hosts;
  return {};
}

Result<void> check_wishes_of_tries(const Options& options, const Job& job) {
  struct Wish {
    const char* name;
    bool is_given;
  };
  const Wish wishes[] = {{"host-check", options.host_check.has_value()},
                         {"check-path", !options.check_path.empty()},
                         {"gpu-memory-wait", options.sources.contains("gpu-memory-wait")},
                         {"min-hosts", options.min_hosts.has_value()}};
  const auto where = [&](const char* name) { return source_of(options, name, fmt::format("--{}", name)); };
  for (const Wish& wish : wishes)
    if (wish.is_given && job.self_started)
      return failure(Fault::usage, where(wish.name),
                     "does not work where hosts start themselves: no host reaches another one before a try",
                     "leave it out, or start smlaunch on one host, with --hosts");
  for (const std::string& path : options.check_path)
    if (!path.starts_with('/'))
      return failure(Fault::usage, where("check-path"), fmt::format("\"{}\" is not absolute", path),
                     "give the whole path: it is looked at on every host");
  if (options.min_hosts && job.spec.world_size)
    return failure(
        Fault::usage, where("min-hosts"),
        fmt::format("the job has {} ranks, however many hosts there are: fewer hosts would get more of "
                    "them each",
                    *job.spec.world_size),
        "say how many each host has (--processes-per-host), or leave it out");
  return {};
}

}  // namespace smlaunch
