// SPDX-License-Identifier: Apache-2.0
// The check program of the all-reduce test on the CPU, which runs beside each rank.
#pragma once

#include <functional>

#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

// Talks as check_settings.hpp says, on stdin and stdout, and tests with MPI_Allreduce. Returns the exit code
// when it is told to quit, or when stdin ends. `probe_gpus`: called on one rank of each host.
int run_mpi_check(const std::function<HostGpus()>& probe_gpus);

}  // namespace smlaunch
