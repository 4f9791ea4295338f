// SPDX-License-Identifier: Apache-2.0
// The numbers of a job. Swapping two of them is the bug of this field, so each is a type.
#pragma once

#include <compare>

namespace smlaunch {

// Of a process in the job.
struct Rank {
  int value = 0;
  auto operator<=>(const Rank&) const = default;
};
// Of a process among those of its host.
struct LocalRank {
  int value = 0;
  auto operator<=>(const LocalRank&) const = default;
};
// Of a host among those that run ranks.
struct NodeRank {
  int value = 0;
  auto operator<=>(const NodeRank&) const = default;
};

}  // namespace smlaunch
