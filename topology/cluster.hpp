// SPDX-License-Identifier: Apache-2.0
// The hosts of a job and what is known of each.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/indexed.hpp"
#include "topology/machine.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

enum class TopologySource { probed, assumed, file };
std::string to_string(TopologySource source);

struct Host {
  std::string name;
  std::string group;  // instance group; empty where there is none
  std::string instance_type;
  int ranks = 1;  // how many ranks it is asked to run, before ranks that are left over go round all hosts
  std::shared_ptr<const Machine> machine;  // never null; equal hosts share one
  TopologySource source = TopologySource::assumed;
};

// The hosts that run ranks, in rank order.
struct Cluster {
  Indexed<NodeRank, Host> hosts;
};

// A warning about machines, and the hosts that share it.
struct HostsWarning {
  MachineFinding finding;
  std::vector<NodeRank> hosts;  // in the order in which they were told
  bool operator==(const HostsWarning&) const = default;
};

// Equal warnings of hosts become one, in the place of the first.
class WarningsByHost {
 public:
  void add(NodeRank host, const std::vector<MachineFinding>& warnings);
  [[nodiscard]] const std::vector<HostsWarning>& all() const { return all_; }

 private:
  std::map<MachineFinding, std::size_t> known_;
  std::vector<HostsWarning> all_;
};

// Warnings about the machines, except those that are only assumed.
std::vector<HostsWarning> find_warnings(const Cluster& cluster);

// "algo-1: 1 of its 8 GPUs cannot be used (0000:3b:00.0): it has fallen off the PCI bus"
std::string render_warning(const Cluster& cluster, const HostsWarning& warning);

// The sentences of find_warnings().
std::vector<std::string> cluster_warnings(const Cluster& cluster);

}  // namespace smlaunch
