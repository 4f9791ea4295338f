// SPDX-License-Identifier: Apache-2.0
// The all-reduce test of a job: what is asked of it, what it is run with, what it leaves.
#pragma once

#include <memory>

#include "launcher/contract/environment.hpp"
#include "launcher/job.hpp"
#include "launcher/options.hpp"
#include "launcher/run/runner.hpp"

namespace smlaunch {

// `smlaunch smoke` without a launcher named tests all hosts together, whatever starts the job on them.
LauncherChoice choose_for_smoke(const Options& options, LauncherChoice of_job);

// Sets job.spec.smoke, by the options and by what there is here, and job.injection. Errors: a --inject that
// names nobody; an mpirun that is no Open MPI, where the test needs it.
Result<void> find_smoke_wish(const Options& options, Job& job);

// What the runner is asked for; null where the plan has no test. `injects`: with --inject's fault.
Result<std::shared_ptr<const SmokeRequest>> make_smoke_request(const Options& options, const Job& job,
                                                               const LaunchPlan& plan, bool injects);

// hosts.good and hosts.bad beside the report, where a host is accused; `smlaunch smoke` without a report
// writes them here. --matrix's picture.
void write_smoke_files(const Options& options, const Job& job, const LaunchPlan& plan,
                       const SmokeReport& report);

}  // namespace smlaunch
