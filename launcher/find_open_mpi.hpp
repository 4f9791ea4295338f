// SPDX-License-Identifier: Apache-2.0
// The mpirun of this machine.
#pragma once

#include "launcher/options.hpp"
#include "launcher/plan/plan.hpp"
#include "topology/error.hpp"

namespace smlaunch {

// Sets spec.mpirun and spec.open_mpi by the mpirun on PATH, and says so in its sources. Errors: there is none
// (Fault::start; a dry run assumes one), it does not answer, it is none of Open MPI 4 or later.
Result<void> find_open_mpi(const Options& options, JobSpec& spec);

}  // namespace smlaunch
