// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/host_watch.hpp"

#include <fmt/format.h>

namespace smlaunch {

void HostWatch::joined(Rank rank, const Hello& hello) {
  if (hello.gpus && hello.cpus)
    facts_[place(rank).node_rank] = {*hello.gpus, *hello.cpus, hello.online_cpus.value_or(*hello.cpus)};
}

std::optional<std::string> HostWatch::found_elsewhere(Rank rank, const Hello& hello) const {
  const std::string& planned = host(place(rank).node_rank).name;
  const std::string short_name = hello.host.substr(0, hello.host.find('.'));
  if (hello.host == planned || short_name == planned.substr(0, planned.find('.'))) return {};
  for (const Host& each : plan_.cluster.hosts)
    if (each.name == hello.host) return each.name;
  return {};
}

std::optional<std::pair<int, int>> HostWatch::facts_of(int node_rank) const {
  const auto found = facts_.find(node_rank);
  const bool assumed = host(node_rank).source == TopologySource::assumed;
  if (found == facts_.end() || !assumed || plan_.machines_as_planned) return {};
  return std::pair{found->second.gpus, found->second.online_cpus};
}

std::vector<std::string> HostWatch::odd_hosts() const {
  if (plan_.machines_as_planned) return {};
  std::vector<HostFacts> facts;
  for (std::size_t i = 0; i < plan_.cluster.hosts.size(); ++i) {
    const Host& each = plan_.cluster.hosts[i];
    const auto found = facts_.find(static_cast<int>(i));
    if (found != facts_.end())
      facts.push_back({each.name, each.group, found->second.gpus, found->second.cpus});
    else if (each.name == plan_.current_host)
      facts.push_back({each.name, each.group, each.machine->usable_gpus(), each.machine->processing_units});
  }
  return find_odd_facts(facts);
}

std::vector<std::string> HostWatch::started(Rank rank, const Started* started) {
  const RankPlace& at = place(rank);
  HostBindings& all = bindings_[at.node_rank];
  ++all.reported;
  if (started != nullptr) {
    const Machine& planned_on = *host(at.node_rank).machine;
    all.bindings.push_back({rank.value, to_string(at.placement->cpus), started->chosen_cpus, started->cpus,
                            started->binding_note, planned_on.processing_units, planned_on.usable_gpus(),
                            started->host_cpus, started->host_gpus});
  }
  if (all.reported < plan_.layout.ranks_per_host[static_cast<std::size_t>(at.node_rank)]) return {};
  std::vector<std::string> sentences;
  for (const std::string& sentence : render_binding_warnings(all.bindings))
    sentences.push_back(fmt::format("{}: {}", host(at.node_rank).name, sentence));
  return sentences;
}

}  // namespace smlaunch
