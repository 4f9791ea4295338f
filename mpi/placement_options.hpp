// SPDX-License-Identifier: Apache-2.0
// What mpirun's options do to the place of ranks: who binds them to CPUs, in which order hosts are taken.
#pragma once

#include <string_view>

#include "mpi/mpirun_options.hpp"

namespace smlaunch {

// From `user.options` into its other fields: binding and binding_option, counting, numbering, moving_options.
void find_placement(UserOptions& user);

// Does mpirun know this value of --map-by, or of --rank-by? A mapping may name a file or counts that only
// mpirun can judge.
bool is_mapping_policy(std::string_view value);
bool is_ranking_policy(std::string_view value);

}  // namespace smlaunch
