// SPDX-License-Identifier: Apache-2.0
// What this machine refuses, or warns of, before anything of a plan starts.
#pragma once

#include "base/error.hpp"
#include "launcher/options/options.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Errors (Fault::start): it cannot be executed here.
Result<void> check_entry_point(const EntryPoint& entry);

// Errors: an interface that cannot carry the job here, an entry point that cannot be executed here, or a rank
// of --only-ranks that the job does not have.
Result<void> check_plan(const Options& options, const LaunchPlan& plan);

// The plan's warnings, and whether this machine's EFA and Neuron devices are those of its instance type, on
// stderr. `variables`: the environment that smlaunch was started with.
void warn_of_plan(const LaunchPlan& plan, const Variables& variables);

}  // namespace smlaunch
