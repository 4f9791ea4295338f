// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/render_plan_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "launcher/plan/host_groups.hpp"
#include "launcher/plan/render_plan.hpp"
#include "topology/machine_drawing.hpp"
#include "topology/machine_kind.hpp"

namespace smlaunch {

namespace {

// Most eyes can tell these colours apart. Further ranks get the same colours again, and differ by their
// numbers.
constexpr std::array<const char*, 12> rank_colours = {"#4e79a7", "#f28e2b", "#59a14f", "#e15759",
                                                      "#76b7b2", "#edc948", "#b07aa1", "#9c755f",
                                                      "#2f4b7c", "#a0cbe8", "#8cd17d", "#ff9da7"};

std::string ranks_in_words(const IdSet& ranks) {
  return fmt::format("rank{} {}", ranks.size() == 1 ? "" : "s", to_string(ranks));
}

DrawingMarks marks_of(const LaunchPlan& plan, const std::vector<Rank>& of_host) {
  DrawingMarks marks;
  std::map<GpuIndex, IdSet> on_gpu;
  std::map<NicIndex, IdSet> on_nic;
  IdSet unbound;
  for (const Rank each : of_host) {
    const RankPlace& place = plan.layout.ranks[each];
    const Machine& machine = *plan.cluster.hosts[place.node_rank].machine;
    const Placement& at = *place.placement;
    const int rank = plan.first_rank + place.rank.value;
    const char* colour = rank_colours[static_cast<std::size_t>(place.local_rank.value) % rank_colours.size()];
    for (std::size_t core = 0; core < machine.core_cpus.size(); ++core)
      if (!intersection(machine.core_cpus[core], at.cpus).empty())
        marks.cores[static_cast<int>(core)].push_back({rank, colour});
    if (at.gpu) on_gpu[*at.gpu].push_back(rank);
    if (at.nic) on_nic[*at.nic].push_back(rank);
    if (at.gpu && at.nic) marks.gpu_nics[*at.gpu] = *at.nic;
    if (at.cpus.empty())
      unbound.push_back(rank);
    else
      marks.legend.emplace_back(colour, fmt::format("rank {}", rank));
  }
  for (const auto& [gpu, ranks] : on_gpu) marks.gpu_notes[gpu] = ranks_in_words(ranks);
  for (const auto& [nic, ranks] : on_nic) marks.nic_notes[nic] = ranks_in_words(ranks);
  if (!unbound.empty()) marks.legend.emplace_back("", fmt::format("{}: any core", ranks_in_words(unbound)));
  return marks;
}

std::string title_of(const LaunchPlan& plan, const HostGroup& group) {
  const NodeRank first = group.node_ranks.front();
  const int ranks = plan.layout.ranks_per_host[first];
  const std::string count = fmt::format("{} rank{}", ranks, ranks == 1 ? "" : "s");
  const std::string known = sources_in_words(plan, group.node_ranks);
  if (group.node_ranks.size() == 1)
    return fmt::format("{}: {}, {}", plan.cluster.hosts[first].name, count, known);
  return fmt::format("{} equal hosts of {} each ({}), {}; the first one:", group.node_ranks.size(), count,
                     host_ranges(plan, group.node_ranks), known);
}

}  // namespace

std::string render_plan_svg(const LaunchPlan& plan) {
  const Indexed<NodeRank, std::vector<Rank>> ranks = ranks_of_hosts(plan.layout);
  std::vector<HostGroup> groups;
  if (plan.world_size() > most_ranks_shown) {
    groups = equal_hosts(plan, ranks);
  } else {
    for (const NodeRank host : plan.cluster.hosts.indices())
      if (plan.layout.ranks_per_host[host] > 0) groups.push_back({{host}});
  }
  Drawing all;
  MachineKinds kinds;
  std::set<std::size_t> shown;
  for (const HostGroup& group : groups) {
    const NodeRank host = group.node_ranks.front();
    DrawingMarks marks = marks_of(plan, ranks[host]);
    // The table of nearness is the same for all machines of a kind, so it is drawn once.
    marks.with_table = shown.insert(kinds.kind_of(*plan.cluster.hosts[host].machine)).second;
    const Drawing one =
        draw_machine(*plan.cluster.hosts[host].machine, title_of(plan, group), marks, all.height);
    all.body += one.body;
    all.width = std::max(all.width, one.width);
    all.height += one.height;
  }
  return render_svg(all);
}

}  // namespace smlaunch
