// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// Waits for the leader on a host that does not lead, and ends with the job's outcome. Returns smlaunch's exit
// code.
int run_as_worker(const Options& options, const Job& job);

}  // namespace smlaunch
