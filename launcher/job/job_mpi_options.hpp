// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "launcher/options/options.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Sets spec.mpi_options, with its source, by --mpi-options or by the hyperparameter of the job's launcher.
// Errors: a hyperparameter that is no text, an open quote.
Result<void> read_mpi_options(const Options& options, JobSpec& spec);

}  // namespace smlaunch
