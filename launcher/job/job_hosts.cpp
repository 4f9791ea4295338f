// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "topology/nvlink_domain.hpp"

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

namespace {

bool places_by_order(const MpiSettings& mpi) {
  return !mpi.user.moving_options.empty() || !mpi.of_parameters.moving_options.empty() ||
         mpi.counting != HostOrder::by_slot || mpi.numbering != HostOrder::by_slot;
}

}  // namespace

void keep_domains_together(const Facts& facts, Job& job) {
  // Where this machine is one of the hosts, the others are like it.
  job.asks_domains =
      !job.spare_hosts.empty() && (job.environment->current_host.empty() || domain_of(facts.machine));
  if (!job.hosts_given || job.self_started || job.runs_alone || places_by_order(job.spec.mpi)) return;
  const auto& hosts = job.cluster.hosts;
  std::vector<std::optional<NvlinkDomain>> domains;
  for (const Host& host : hosts) {
    const auto known = job.domains.find(host.name);
    domains.push_back(known == job.domains.end() ? std::nullopt : std::optional(known->second));
  }
  const std::vector<std::size_t> order = order_by_domain(domains);
  if (std::is_sorted(order.begin(), order.end())) return;
  Cluster ordered;
  for (const std::size_t i : order) ordered.hosts.push_back(hosts[NodeRank{static_cast<int>(i)}]);
  job.cluster = std::move(ordered);
  job.spec.sources.emplace_back("host_order", "the hosts of one NVLink domain stand next to each other");
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
