// SPDX-License-Identifier: Apache-2.0
#include "topology/cluster.hpp"

#include <fmt/format.h>

#include <map>

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

std::vector<std::string> cluster_warnings(const Cluster& cluster) {
  std::map<std::string, std::vector<std::string>> hosts;  // sentence -> hosts
  std::vector<std::string> order;
  for (const Host& host : cluster.hosts) {
    if (host.source == TopologySource::assumed) continue;
    for (const std::string& sentence : machine_warnings(*host.machine)) {
      if (!hosts.contains(sentence)) order.push_back(sentence);
      hosts[sentence].push_back(host.name);
    }
  }
  std::vector<std::string> all;
  for (const std::string& sentence : order)
    all.push_back(fmt::format("{}: {}", join_names(hosts[sentence]), sentence));
  return all;
}

}  // namespace smlaunch
