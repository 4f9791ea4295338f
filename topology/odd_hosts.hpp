// SPDX-License-Identifier: Apache-2.0
// Hosts that are not like the rest of their group. They are named before anything starts, because a job is as
// fast as its slowest host and as large as its smallest.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "topology/cluster.hpp"

namespace smlaunch {

// The names of two traits that a host tells by its counts too.
inline constexpr const char* usable_gpus_trait = "usable GPUs";
inline constexpr const char* cores_trait = "cores";

// One thing that hosts can have in common.
struct Trait {
  std::string name;            // "usable GPUs"
  std::string value;           // "8"; trait_is_absent; empty: not known, and not compared
  bool of_equal_only = false;  // compared only between hosts whose earlier traits are all equal
  bool is_short = true;        // false: the value is a digest, and not shown
  bool operator==(const Trait&) const = default;
};

// The value of a thing that was looked for and is not there: "no NCCL".
inline constexpr const char* trait_is_absent = "none";

// A machine's: its devices, how they hang on the PCI bus, how wide and fast their links are, which versions
// are installed. What was not looked for has no value.
std::vector<Trait> traits_of(const Machine& machine);

// Hosts whose traits are all equal.
struct AlikeHosts {
  std::vector<NodeRank> hosts;  // ascending
  std::string group;            // only hosts of one group are compared
  std::vector<Trait> traits;
};

struct HostsWithValue {
  std::string value;
  std::vector<NodeRank> hosts;  // ascending
  bool operator==(const HostsWithValue&) const = default;
};

// A trait in which hosts of one group differ.
struct OddTrait {
  std::string name;
  bool is_short = true;             // as the trait's
  std::vector<HostsWithValue> odd;  // one, or all values where no value has most hosts
  std::string usual;                // the value of most hosts
  std::size_t others = 0;           // how many have it; 0: no value has most hosts
  bool operator==(const OddTrait&) const = default;
};

// Sorted by group, then trait.
std::vector<OddTrait> compare_traits(const std::vector<AlikeHosts>& alike);

// Compares the hosts whose machines are known; assumed machines are left out.
std::vector<OddTrait> compare_hosts(const Cluster& cluster);

// "algo-3 differs: usable GPUs 7, on the 15 other hosts 8". `names`: of the hosts.
std::string render_odd_trait(const Indexed<NodeRank, std::string>& names, const OddTrait& odd);

// The sentences of compare_traits() and compare_hosts().
std::vector<std::string> find_odd_traits(const Indexed<NodeRank, std::string>& names,
                                         const std::vector<AlikeHosts>& alike);
std::vector<std::string> find_odd_hosts(const Cluster& cluster);

}  // namespace smlaunch
