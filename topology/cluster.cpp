// SPDX-License-Identifier: Apache-2.0
#include "topology/cluster.hpp"

#include <fmt/format.h>

#include "base/host_list.hpp"

namespace smlaunch {

std::string to_string(TopologySource source) {
  switch (source) {
    case TopologySource::probed: return "probed";
    case TopologySource::file: return "file";
    case TopologySource::assumed: break;
  }
  return "assumed";
}

void WarningsByHost::add(NodeRank host, const std::vector<MachineFinding>& warnings) {
  for (const MachineFinding& finding : warnings) {
    const auto [known, is_new] = known_.try_emplace(finding, all_.size());
    if (is_new) all_.push_back({.finding = finding, .hosts = {}});
    all_[known->second].hosts.push_back(host);
  }
}

std::vector<HostsWarning> find_warnings(const Cluster& cluster) {
  WarningsByHost warnings;
  for (const NodeRank node_rank : cluster.hosts.indices()) {
    const Host& host = cluster.hosts[node_rank];
    if (host.source != TopologySource::assumed) warnings.add(node_rank, machine_warnings(*host.machine));
  }
  return warnings.all();
}

std::string render_warning(const Cluster& cluster, const HostsWarning& warning) {
  std::vector<std::string> names;
  for (const NodeRank host : warning.hosts) names.push_back(cluster.hosts[host].name);
  return fmt::format("{}: {}", join_names(names), to_string(warning.finding));
}

std::vector<std::string> cluster_warnings(const Cluster& cluster) {
  std::vector<std::string> sentences;
  for (const HostsWarning& warning : find_warnings(cluster))
    sentences.push_back(render_warning(cluster, warning));
  return sentences;
}

}  // namespace smlaunch
