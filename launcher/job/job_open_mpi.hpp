// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "launcher/options/options.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Sets spec.mpirun and spec.open_mpi by this machine's mpirun, and says so in its sources. Errors: those of
// find_open_mpi(); a dry run assumes an mpirun where there is none.
Result<void> use_open_mpi(const Options& options, JobSpec& spec);

}  // namespace smlaunch
