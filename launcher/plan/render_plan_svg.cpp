// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/render_plan_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "launcher/plan/host_groups.hpp"
#include "launcher/plan/render_plan.hpp"
#include "topology/machine_drawing.hpp"

namespace smlaunch {

namespace {

constexpr std::array<const char*, 8> rank_colours = {"#4e79a7", "#f28e2b", "#59a14f", "#e15759",
                                                     "#76b7b2", "#edc948", "#b07aa1", "#9c755f"};

void add_note(std::map<int, std::string>& notes, int device, int rank) {
  std::string& note = notes[device];
  note += note.empty() ? fmt::format("rank {}", rank) : fmt::format(", {}", rank);
}

DrawingMarks marks_of(const LaunchPlan& plan, std::size_t first, int count) {
  DrawingMarks marks;
  for (int local = 0; local < count; ++local) {
    const RankPlace& place = plan.layout.ranks[first + static_cast<std::size_t>(local)];
    const Machine& machine = *plan.cluster.hosts[static_cast<std::size_t>(place.node_rank)].machine;
    const Placement& at = *place.placement;
    const char* colour = rank_colours[static_cast<std::size_t>(local) % rank_colours.size()];
    for (std::size_t core = 0; core < machine.core_cpus.size(); ++core)
      if (!intersection(machine.core_cpus[core], at.cpus).empty())
        marks.core_colours[static_cast<int>(core)] = colour;
    if (at.gpu) add_note(marks.gpu_notes, *at.gpu, place.rank.value);
    if (at.nic) add_note(marks.nic_notes, *at.nic, place.rank.value);
    if (at.gpu && at.nic) marks.gpu_nics[*at.gpu] = *at.nic;
    marks.legend.emplace_back(
        at.cpus.empty() ? "white" : colour,
        fmt::format("rank {}{}", place.rank.value, at.cpus.empty() ? ", any core" : ""));
  }
  return marks;
}

std::string title_of(const LaunchPlan& plan, const HostGroup& group) {
  const auto first = static_cast<std::size_t>(group.node_ranks.front());
  const Host& host = plan.cluster.hosts[first];
  const int ranks = plan.layout.ranks_per_host[first];
  const std::string count = fmt::format("{} rank{}", ranks, ranks == 1 ? "" : "s");
  const std::string known = fmt::format("topology {}", to_string(host.source));
  if (group.node_ranks.size() == 1) return fmt::format("{}: {}, {}", host.name, count, known);
  return fmt::format("{} equal hosts of {} each ({}), {}; the first one:", group.node_ranks.size(), count,
                     host_ranges(plan, group.node_ranks), known);
}

}  // namespace

std::string render_plan_svg(const LaunchPlan& plan) {
  const std::vector<std::size_t> first_rank = first_ranks(plan);
  std::vector<HostGroup> groups;
  if (plan.world_size() > most_ranks_shown) {
    groups = equal_hosts(plan, first_rank);
  } else {
    for (std::size_t i = 0; i < plan.cluster.hosts.size(); ++i)
      if (plan.layout.ranks_per_host[i] > 0) groups.push_back({{static_cast<int>(i)}});
  }
  Drawing all;
  for (const HostGroup& group : groups) {
    const auto host = static_cast<std::size_t>(group.node_ranks.front());
    const DrawingMarks marks = marks_of(plan, first_rank[host], plan.layout.ranks_per_host[host]);
    const Drawing one =
        draw_machine(*plan.cluster.hosts[host].machine, title_of(plan, group), marks, all.height);
    all.body += one.body;
    all.width = std::max(all.width, one.width);
    all.height += one.height;
  }
  return render_svg(all);
}

}  // namespace smlaunch
