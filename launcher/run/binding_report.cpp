// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/binding_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "topology/id_set.hpp"
#include "topology/odd_hosts.hpp"

namespace smlaunch {

namespace {

std::string any_if_empty(const std::string& cpus) { return cpus.empty() ? "any" : cpus; }

std::string reason_of(const RankBinding& rank) {
  if (rank.bound != rank.chosen)
    return rank.note.empty() ? "the kernel gave it other CPUs than were asked for" : rank.note;
  if (rank.host_cpus == 0) return rank.note;
  std::string counts;
  if (rank.host_cpus != rank.planned_cpus)
    counts = fmt::format("{} CPUs instead of {}", rank.host_cpus, rank.planned_cpus);
  if (rank.host_gpus != rank.planned_gpus)
    counts += fmt::format("{}{} usable GPUs instead of {}", counts.empty() ? "" : " and ", rank.host_gpus,
                          rank.planned_gpus);
  return "the host differs from what was assumed: " +
         (counts.empty() ? "its CPUs or GPUs lie otherwise" : "it has " + counts);
}

// Ranks that share a reason, and the first of them.
struct Group {
  std::string reason;
  RankBinding first;
  IdSet ranks;
};

void add_to(std::vector<Group>& groups, std::string reason, const RankBinding& rank) {
  auto known =
      std::find_if(groups.begin(), groups.end(), [&](const Group& group) { return group.reason == reason; });
  if (known == groups.end()) known = groups.insert(groups.end(), {std::move(reason), rank, {}});
  known->ranks = united(known->ranks, {rank.rank});
}

}  // namespace

std::vector<std::string> render_binding_warnings(const std::vector<RankBinding>& ranks_of_one_host) {
  std::vector<Group> elsewhere;
  std::vector<Group> noted;
  for (const RankBinding& rank : ranks_of_one_host) {
    if (rank.bound != rank.planned || rank.bound != rank.chosen)
      add_to(elsewhere, reason_of(rank), rank);
    else if (!rank.note.empty())
      add_to(noted, rank.note, rank);
  }
  std::vector<std::string> sentences;
  for (const Group& group : elsewhere) {
    const std::string where = fmt::format("planned {}, runs on {}", any_if_empty(group.first.planned),
                                          any_if_empty(group.first.bound));
    const std::string why = group.reason.empty() ? "" : fmt::format(" ({})", group.reason);
    sentences.push_back(group.ranks.size() == 1
                            ? fmt::format("rank {}: {}{}", group.first.rank, where, why)
                            : fmt::format("{} ranks ({}) run elsewhere than planned{}; rank {}: {}",
                                          group.ranks.size(), to_string(group.ranks), why,
                                          group.ranks.front(), where));
  }
  for (const Group& group : noted)
    sentences.push_back(fmt::format("rank{} {}: {}", group.ranks.size() == 1 ? "" : "s",
                                    to_string(group.ranks), group.reason));
  return sentences;
}

std::vector<std::string> find_odd_facts(const std::vector<HostFacts>& hosts) {
  std::vector<HostTraits> traits;
  for (const HostFacts& host : hosts)
    traits.push_back({host.host,
                      host.group,
                      {{"usable GPUs", std::to_string(host.gpus)}, {"CPUs", std::to_string(host.cpus)}}});
  std::vector<const HostTraits*> pointers;
  for (const HostTraits& each : traits) pointers.push_back(&each);
  return find_odd_traits(pointers);
}

}  // namespace smlaunch
