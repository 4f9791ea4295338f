// SPDX-License-Identifier: Apache-2.0
// Hosts that are not like the rest of their group: named before anything starts, because a job is as fast as
// its slowest host and as large as its smallest.
#pragma once

#include <string>
#include <vector>

#include "topology/cluster.hpp"

namespace smlaunch {

// One thing that hosts can have in common.
struct Trait {
  std::string name;            // "usable GPUs"
  std::string value;           // "8"; empty: not known, and not compared
  bool of_equal_only = false;  // says something only about hosts that are alike in all that came before
  bool is_short = true;        // false: the value is too long to be shown
};

struct HostTraits {
  std::string host;
  std::string group;          // only hosts of one group are compared
  std::vector<Trait> traits;  // the same names in the same order for all hosts of a group
};

// "algo-3 differs: usable GPUs 7, on the 15 other hosts 8". Sorted by trait.
std::vector<std::string> find_odd_traits(const std::vector<const HostTraits*>& hosts);

// Compares the hosts whose machines are known; those that are assumed say nothing.
std::vector<std::string> find_odd_hosts(const Cluster& cluster);

}  // namespace smlaunch
