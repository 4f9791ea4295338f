// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "launcher/options/options.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Sets spec.mpi, with its source, by --mpi-options or by the hyperparameter of the job's launcher; its
// parameters and the version of Open MPI are known. `are_used`: else it is only said that there are options.
// Errors: a hyperparameter that is no text, an open quote, those of parse_mpi_settings().
Result<void> read_mpi_options(const Options& options, bool are_used, JobSpec& spec);

}  // namespace smlaunch
