// SPDX-License-Identifier: Apache-2.0
// The room launcher/session: a whole run around the plan: the hosts, the code on them, the try and the next
// try, what it leaves for people. It promises a report, SageMaker's files and one sentence, whatever happens.
// It touches what the rooms below touch, in this order.
#pragma once

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/session/job_code.hpp"

namespace smlaunch {

// Runs the plan, again after a failure as often as --max-restarts says, and writes what a run leaves: events,
// report, success or failure file, the sentence on stderr. Returns smlaunch's exit code.
// `code`: what came of the user's code on this host; where that failed, nothing runs and the others are told.
int run_job(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code);

}  // namespace smlaunch
