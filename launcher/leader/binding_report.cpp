// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/binding_report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "topology/id_set.hpp"

namespace smlaunch {

namespace {

std::string any_if_empty(const std::string& cpus) { return cpus.empty() ? "any" : cpus; }

// "192 CPUs instead of 64 and 7 usable GPUs instead of 8"; empty where neither differs.
std::string counts_in_words(const RankBinding& rank) {
  std::string counts;
  if (rank.host_cpus != rank.planned_cpus)
    counts = fmt::format("{} CPUs instead of {}", rank.host_cpus, rank.planned_cpus);
  if (rank.host_gpus != rank.planned_gpus)
    counts += fmt::format("{}{} usable GPUs instead of {}", counts.empty() ? "" : " and ", rank.host_gpus,
                          rank.planned_gpus);
  return counts;
}

std::string host_difference(const RankBinding& rank, const std::string& difference) {
  return fmt::format("the host differs from {}: {}", rank.by_file ? "its saved topology" : "what was assumed",
                     difference);
}

std::string reason_of(const RankBinding& rank) {
  if (rank.bound != rank.chosen)
    return rank.note.empty() ? "the kernel gave it other CPUs than were asked for" : rank.note;
  if (rank.host_cpus == 0) return rank.note;
  const std::string counts = counts_in_words(rank);
  return host_difference(rank, counts.empty() ? "its CPUs or GPUs lie otherwise" : "it has " + counts);
}

// Ranks with the same reason, and the first of them.
struct Group {
  std::string reason;
  RankBinding first;
  IdSet ranks;
};

void add_to(std::vector<Group>& groups, std::string reason, const RankBinding& rank) {
  auto known =
      std::find_if(groups.begin(), groups.end(), [&](const Group& group) { return group.reason == reason; });
  if (known == groups.end()) known = groups.insert(groups.end(), {std::move(reason), rank, {}});
  known->ranks.push_back(rank.rank);
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
  for (auto* groups : {&elsewhere, &noted})
    for (Group& group : *groups) std::sort(group.ranks.begin(), group.ranks.end());
  std::vector<std::string> sentences;
  const auto looked = std::find_if(
      ranks_of_one_host.begin(), ranks_of_one_host.end(),
      [](const RankBinding& rank) { return rank.host_cpus > 0 && !counts_in_words(rank).empty(); });
  // All of them run where the plan wants them, but the machine is not the planned one.
  if (elsewhere.empty() && looked != ranks_of_one_host.end())
    sentences.push_back(host_difference(*looked, "it has " + counts_in_words(*looked)));
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

}  // namespace smlaunch
