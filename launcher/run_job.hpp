// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/job.hpp"
#include "launcher/options.hpp"

namespace smlaunch {

// Runs the plan, again after a failure as often as --max-restarts says, and writes what a run leaves: events,
// report, success or failure file, the sentence on stderr. Returns smlaunch's exit code.
int run_job(const Options& options, const Job& job, const LaunchPlan& plan);

}  // namespace smlaunch
