// SPDX-License-Identifier: Apache-2.0
// Inside a batch job mpirun takes the hosts, their slots and their order from its scheduler, and starts its
// daemons by it, whatever --host says: here both are ours.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mpi/mpirun_options.hpp"

namespace smlaunch {

// Those whose batch job these variables belong to: "Slurm", "PBS".
std::vector<std::string> find_schedulers(const std::map<std::string, std::string>& variables);

// So that mpirun passes them over. Nothing but both together will do: with Slurm's starter and without its
// hosts, ranks run on other hosts than mpirun shows (measured with 4.1.4 and Slurm 22.05).
std::vector<MpirunOption> options_against(const std::vector<std::string>& schedulers);

}  // namespace smlaunch
