// SPDX-License-Identifier: Apache-2.0
// Hosts of the job that do not answer any more after all were ready.
#pragma once

#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// Asks all of them at once for their SSH banner, for three seconds at most. A frozen host takes the
// connection, but sends no banner.
std::vector<LostHost> find_lost_hosts(const Options& options, const Job& job);

}  // namespace smlaunch
