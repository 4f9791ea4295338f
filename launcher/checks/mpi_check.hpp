// SPDX-License-Identifier: Apache-2.0
// The check program of the all-reduce test on the CPU: what runs beside each rank of it.
#pragma once

#include <functional>

#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

// Does what check_settings.hpp says, on stdin and stdout, with MPI_Allreduce; returns its exit code when it
// is told to quit, or stdin ends. `probe_gpus`: called on one rank of each host.
int run_mpi_check(const std::function<HostGpus()>& probe_gpus);

}  // namespace smlaunch
