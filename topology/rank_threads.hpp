// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "topology/layout.hpp"

namespace smlaunch {

// How many threads each rank of a machine should use. For a bound rank: its cores, each divided by the ranks
// that share it. For a rank that is not bound: its part of all cores that may be used. Never more than its
// part of the container's CPU quota, and at least 1. `places`: of all ranks on the machine, by local rank.
std::vector<int> threads_of_ranks(const Machine& machine,
                                  const std::vector<std::shared_ptr<const Placement>>& places);

// The cores that lie in `cpus`, whole or in part.
int count_cores(const Machine& machine, const IdSet& cpus);

}  // namespace smlaunch
