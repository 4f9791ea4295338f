// SPDX-License-Identifier: Apache-2.0
// The room launcher/session: a whole run around the plan: the hosts, the code on them, one try after the
// other, and the results. It promises a report, SageMaker's files and one sentence, whatever happens. It
// touches what the rooms below it touch, and writes a few files of its own: long variables, and what --matrix and
// `smlaunch smoke` leave.
#pragma once

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/session/job_code.hpp"
#include "launcher/status/status_board.hpp"

namespace smlaunch {

// Runs the plan, and after a failure again, as often as --max-restarts says. Writes the results: events,
// report, success or failure file, the sentence on stderr. Returns smlaunch's exit code. `code`: whether the
// user's code could be prepared on this host; if not, nothing runs, and the other hosts are told. `board`: is told
// what the job is doing.
int run_job(const Options& options, const Job& job, const LaunchPlan& plan, const HostCode& code,
            StatusBoard& board);

}  // namespace smlaunch
