// SPDX-License-Identifier: Apache-2.0
// The options that mpirun gets from us, before the user's are merged with them: pure.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mpi/mpirun.hpp"
#include "mpi/mpirun_options.hpp"

namespace smlaunch {

// --host, with each host's slots. Without ":N" where every host has one slot, as in the toolkit: Open MPI 4
// counts one slot for a bare name.
std::vector<MpirunOption> host_options(const std::vector<std::pair<std::string, int>>& hosts);

// Everything but --host, -np and -x.
std::vector<MpirunOption> our_options(const MpirunRequest& request);

// -x: each name once, with its value if we have one.
std::vector<MpirunOption> our_exports(const MpirunRequest& request);

}  // namespace smlaunch
