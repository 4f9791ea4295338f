// SPDX-License-Identifier: Apache-2.0
// Which of the job's hosts does no longer answer, once all were ready.
#pragma once

#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// Asks each for its SSH banner, all at once; three seconds at most. A host that froze takes a connection, and
// sends none.
std::vector<LostHost> find_lost_hosts(const Options& options, const Job& job);

}  // namespace smlaunch
