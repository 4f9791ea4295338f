// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/host_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "topology/odd_hosts.hpp"

namespace smlaunch {

HostWatch::HostWatch(const LaunchPlan& plan) : plan_(plan) {
  for (const Host& each : plan.cluster.hosts) names_.insert(each.name);
}

void HostWatch::joined(Rank rank, const Hello& hello) {
  if (hello.gpus && hello.cpus) facts_[place(rank).node_rank] = hello;
}

std::optional<std::string> HostWatch::found_elsewhere(Rank rank, const Hello& hello) const {
  // Who says its node rank is there, whatever it is called.
  if (plan_.engine == Engine::hosts) return {};
  const std::string& planned = host(place(rank).node_rank).name;
  const std::string short_name = hello.host.substr(0, hello.host.find('.'));
  if (hello.host == planned || short_name == planned.substr(0, planned.find('.'))) return {};
  return names_.contains(hello.host) ? std::optional(hello.host) : std::nullopt;
}

std::optional<std::pair<int, int>> HostWatch::facts_of(NodeRank node_rank) const {
  const auto found = facts_.find(node_rank);
  const bool was_seen = host(node_rank).source == TopologySource::probed;
  if (found == facts_.end() || was_seen || plan_.machines_as_planned) return {};
  const Hello& hello = found->second;
  return std::pair{*hello.gpus, hello.online_cpus.value_or(*hello.cpus)};
}

std::vector<HostsWarning> HostWatch::host_warnings() const {
  WarningsByHost warnings;
  for (const auto& [node_rank, hello] : facts_)
    if (host(node_rank).source != TopologySource::probed) warnings.add(node_rank, hello.warnings);
  return warnings.all();
}

std::vector<std::string> HostWatch::odd_hosts() const {
  if (plan_.machines_as_planned) return {};
  Indexed<NodeRank, std::string> names;
  std::vector<AlikeHosts> hosts;
  for (const NodeRank node_rank : plan_.cluster.hosts.indices()) {
    const Host& each = host(node_rank);
    names.push_back(each.name);
    const auto found = facts_.find(node_rank);
    if (found == facts_.end() && each.name != plan_.current_host) continue;
    const bool told = found != facts_.end();
    const int gpus = told ? *found->second.gpus : each.machine->usable_gpus();
    const int cpus = told ? *found->second.cpus : each.machine->processing_units;
    AlikeHosts& one = hosts.emplace_back(
        AlikeHosts{.hosts = {node_rank}, .group = each.group + "\n" + each.instance_type, .traits = {}});
    one.traits = {{.name = "usable GPUs", .value = std::to_string(gpus)},
                  {.name = "CPUs", .value = std::to_string(cpus)}};
    if (told) one.traits.insert(one.traits.end(), found->second.traits.begin(), found->second.traits.end());
  }
  const auto is_among = [](const auto& planned, const auto& each) {
    return std::find(planned.begin(), planned.end(), each) != planned.end();
  };
  std::vector<std::string> sentences;
  const std::vector<HostsWarning> planned = find_warnings(plan_.cluster);
  for (const HostsWarning& warning : host_warnings())
    if (!is_among(planned, warning)) sentences.push_back(render_warning(plan_.cluster, warning));
  const std::vector<OddTrait> planned_odd = compare_hosts(plan_.cluster);
  for (const OddTrait& odd : compare_traits(hosts))
    if (!is_among(planned_odd, odd)) sentences.push_back(render_odd_trait(names, odd));
  return sentences;
}

std::vector<std::string> HostWatch::started(Rank rank, const Started* started) {
  const RankPlace& at = place(rank);
  // A starter is not bound itself.
  if (!plan_.shares.empty()) return {};
  HostBindings& all = bindings_[at.node_rank];
  ++all.reported;
  if (started != nullptr) {
    const Machine& planned_on = *host(at.node_rank).machine;
    all.bindings.push_back({rank.value, to_string(at.placement->cpus), started->chosen_cpus, started->cpus,
                            started->binding_notes, planned_on.processing_units, planned_on.usable_gpus(),
                            started->host_cpus, started->host_gpus,
                            host(at.node_rank).source == TopologySource::file});
  }
  if (all.reported < plan_.layout.ranks_per_host[at.node_rank]) return {};
  std::vector<std::string> sentences;
  for (const std::string& sentence : render_binding_warnings(all.bindings))
    sentences.push_back(fmt::format("{}: {}", host(at.node_rank).name, sentence));
  return sentences;
}

}  // namespace smlaunch
