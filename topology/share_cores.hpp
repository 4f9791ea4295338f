// SPDX-License-Identifier: Apache-2.0
// Dividing a machine's cores among ranks that each want to be near something.
#pragma once

#include <vector>

#include "topology/id_set.hpp"

namespace smlaunch {

struct CoreShare {
  IdSet units;          // indices of what was divided
  bool away = false;    // the units are outside its home, where none was left
  bool shared = false;  // another rank has them too, because there are fewer units than ranks
};

// `homes[r]` are the units (cores, or hardware threads) near rank r; an empty home means all of them. Every
// rank gets at least one. No unit goes to two ranks unless there are fewer units than ranks. Ranks of one
// home share it evenly, each a run of neighbours. One home does not touch other homes that share nothing
// with it, except that a full home borrows units. `units` is at least 1.
std::vector<CoreShare> share_cores(const std::vector<IdSet>& homes, int units);

}  // namespace smlaunch
