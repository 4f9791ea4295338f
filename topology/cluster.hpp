// SPDX-License-Identifier: Apache-2.0
// The hosts of a job and what is known of each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

enum class TopologySource { probed, assumed, file };
std::string to_string(TopologySource source);

struct Host {
  std::string name;
  std::string group;  // instance group; empty where there is none
  std::string instance_type;
  int ranks = 1;  // how many of the job's ranks it is asked to run, before any wrap round
  std::shared_ptr<const Machine> machine;  // never null; equal hosts share one
  TopologySource source = TopologySource::assumed;
};

// The hosts that run ranks, in rank order: host n is node rank n.
struct Cluster {
  std::vector<Host> hosts;
};

}  // namespace smlaunch
