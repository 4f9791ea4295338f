// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "topology/layout.hpp"

namespace smlaunch {

// How many threads a rank should use: its own cores; with none of its own, all that its machine lets it use,
// shared among the local ranks. At least 1.
int threads_of_rank(const Machine& machine, const IdSet& cpus, int local_ranks);

}  // namespace smlaunch
