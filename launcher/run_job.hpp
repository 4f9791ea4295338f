// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/job.hpp"
#include "launcher/options.hpp"
#include "topology/error.hpp"

namespace smlaunch {

// Runs the plan and writes what a run leaves: events, report, success or failure file, the sentence on
// stderr. Returns smlaunch's exit code.
int run_job(const Options& options, const Job& job, const LaunchPlan& plan);

// Waits for the leader on a host that does not lead, and ends with the job's outcome. Returns smlaunch's exit
// code.
int run_as_worker(const Options& options, const Job& job);

// A run that could not begin leaves a report and a failure file too, where BASE is there.
void write_failed_start(const Options& options, const Paths& paths, const Error& error);

}  // namespace smlaunch
