// SPDX-License-Identifier: Apache-2.0
// Machines that are the same but for what is each host's own: its name, UUIDs, addresses, what is odd about
// it. Ranks are given the same places on them, and none of them is unlike the others; so thousands of hosts
// cost little more than one of each kind.
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
  // `machine` is looked at again when others come: it must stay.
  std::size_t kind_of(const Machine& machine);

 private:
  std::unordered_map<const Machine*, std::size_t> known_;
  std::unordered_multimap<std::size_t, std::size_t> by_hash_;
  std::vector<const Machine*> firsts_;  // of each kind
};

}  // namespace smlaunch
