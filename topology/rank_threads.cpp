// SPDX-License-Identifier: Apache-2.0
#include "topology/rank_threads.hpp"

#include <algorithm>

namespace smlaunch {

int threads_of_rank(const Machine& machine, const IdSet& cpus, int local_ranks) {
  if (cpus.empty()) return std::max(1, machine.cores / std::max(1, local_ranks));
  const auto cores =
      std::count_if(machine.core_cpus.begin(), machine.core_cpus.end(), [&](const IdSet& core) {
        return std::any_of(core.begin(), core.end(),
                           [&](int cpu) { return std::binary_search(cpus.begin(), cpus.end(), cpu); });
      });
  return std::max(1, static_cast<int>(cores));
}

}  // namespace smlaunch
