// SPDX-License-Identifier: Apache-2.0
// Dividing a machine's cores among ranks that each want to be near something.
#pragma once

#include <vector>

#include "topology/id_set.hpp"

namespace smlaunch {

struct CoreShare {
  IdSet units;          // indices of what was divided
  bool away = false;    // from outside its home, which had none left
  bool shared = false;  // with another rank, because there are fewer than ranks
};

// `homes[r]` are the units (cores, or hardware threads) near rank r; an empty home means all of them. Every
// rank gets at least one; no unit goes to two ranks unless there are fewer units than ranks; ranks of one
// home share it evenly, each a run of neighbours; what happens in one home does not touch those that share
// nothing with it, but for a unit that a full one borrows. `units` is at least 1.
std::vector<CoreShare> share_cores(const std::vector<IdSet>& homes, int units);

}  // namespace smlaunch
