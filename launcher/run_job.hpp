// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/job.hpp"
#include "launcher/job_code.hpp"
#include "launcher/options.hpp"

namespace smlaunch {

// Runs the plan, again after a failure as often as --max-restarts says, and writes what a run leaves: events,
// report, success or failure file, the sentence on stderr. Returns smlaunch's exit code.
// `code`: what came of the user's code on this host; where that failed, nothing runs and the others are told.
int run_job(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code);

}  // namespace smlaunch
