// SPDX-License-Identifier: Apache-2.0
// The programs that a job is started by: the interpreter, mpirun, torchrun.
#pragma once

#include "base/error.hpp"
#include "launcher/job/job.hpp"

namespace smlaunch {

// Sets spec.mpirun and spec.open_mpi by this machine's mpirun, and says so in its sources; sets
// spec.mpi.parameters by the environment and Open MPI's files. Errors: those of
// find_open_mpi(); a dry run assumes an mpirun where there is none.
Result<void> use_open_mpi(const Questions& ask, JobSpec& spec);

// Whether `-m mpi4py` runs the script: without it an uncaught exception under MPI leaves the other ranks
// waiting.
void find_mpi4py(const Questions& ask, JobSpec& spec);

// torchrun, and the hosts where each starts its own ranks by a program of PyTorch's. Errors (Fault::start): a
// run without torchrun.
Result<void> find_starter(const Options& options, const Questions& ask, Job& job);

}  // namespace smlaunch
