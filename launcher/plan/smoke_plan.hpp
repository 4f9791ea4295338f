// SPDX-License-Identifier: Apache-2.0
// Whether a job is preceded by the all-reduce test, and how that is started.
#pragma once

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// smlaunch's internal commands: the check programs.
inline constexpr const char* nccl_check_word = "nccl-check";
inline constexpr const char* mpi_check_word = "mpi-check";

// Sets plan.smoke, or plan.smoke_reason. Errors (Fault::usage): what was asked for cannot be had; a
// --min-busbw that the links cannot carry.
Result<void> add_smoke_plan(const JobSpec& spec, LaunchPlan& plan);

// The plan of the check programs: the same ranks at the same places, in the same environment, started as
// plan.smoke says.
Result<LaunchPlan> make_check_plan(const JobSpec& spec, const LaunchPlan& plan);

}  // namespace smlaunch
