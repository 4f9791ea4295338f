// SPDX-License-Identifier: Apache-2.0
// Which launcher a job has, and whether each of its hosts runs alone.
#pragma once

#include "launcher/contract/environment.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// By option, by hyperparameter, or with given hosts by what the program is. `smlaunch smoke` has its own.
LauncherChoice choose_job_launcher(const Options& options, const Environment& environment, bool hosts_given);

// Does this host start its part of the job by itself, by torchrun or PyTorch/XLA's launcher?
bool starts_its_part(LauncherKind launcher, const Environment& environment, bool hosts_given);

// Does this host run and end by itself: under launcher process, by its own starter, or outside of the groups?
bool runs_by_itself(LauncherKind launcher, const Environment& environment, bool hosts_given);

// Where no host reaches another one, nobody starts MPI: without a launcher that was asked for it is ddp. Errors
// (Fault::usage): the launcher that was asked for needs MPI or the hosts' names.
Result<void> take_launcher_of_self_started(const Options& options, LauncherChoice& choice);

}  // namespace smlaunch
