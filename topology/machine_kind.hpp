// SPDX-License-Identifier: Apache-2.0
// Machines are of one kind if they differ only in each host's own facts: its name, UUIDs, NVLink domain,
// addresses and what is odd about it. Ranks get the same places on all machines of a kind, and none of these
// machines counts as different. So thousands of hosts cost little more than one host of each kind.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

bool are_of_one_kind(const Machine& a, const Machine& b);

// Numbers kinds from 0 in the order they come.
class MachineKinds {
 public:
  // `machine` must outlive this object: later machines are compared with it.
  std::size_t kind_of(const Machine& machine);

 private:
  std::unordered_map<const Machine*, std::size_t> known_;
  std::unordered_multimap<std::size_t, std::size_t> by_hash_;
  std::vector<const Machine*> firsts_;  // of each kind
};

}  // namespace smlaunch
