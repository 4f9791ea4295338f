// SPDX-License-Identifier: Apache-2.0
// The numbers of a job. Swapping two of them is this field's typical bug, so each has a type of its own.
#pragma once

#include <compare>

namespace smlaunch {

// The number of a process in the job.
struct Rank {
  int value = 0;
  auto operator<=>(const Rank&) const = default;
};
// The number of a process among the processes of its host.
struct LocalRank {
  int value = 0;
  auto operator<=>(const LocalRank&) const = default;
};
// The number of a host among the hosts that run ranks.
struct NodeRank {
  int value = 0;
  auto operator<=>(const NodeRank&) const = default;
};

}  // namespace smlaunch
