// SPDX-License-Identifier: Apache-2.0
// The all-reduce test of a job: what is asked of it.
#pragma once

#include "launcher/contract/environment.hpp"
#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// `smlaunch smoke` without a launcher named tests all hosts together, whatever starts the job on them.
LauncherChoice choose_for_smoke(const Options& options, LauncherChoice of_job);

// Sets job.spec.smoke, by the options and by what there is here, and job.injection. Errors: a --inject that
// names nobody; an mpirun that is no Open MPI, where the test needs it.
Result<void> find_smoke_wish(const Options& options, const Facts& facts, Job& job);

}  // namespace smlaunch
