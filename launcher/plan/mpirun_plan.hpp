// SPDX-License-Identifier: Apache-2.0
// The part of a plan that depends on mpirun.
#pragma once

#include <string>
#include <vector>

#include "launcher/plan/kept_from_mpirun.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// What mpirun is told to start instead of ssh in a Slurm job: `smlaunch worker --srun HOST COMMAND...`.
inline constexpr const char* slurm_agent_words = "worker --srun";

// What mpirun is asked for by a plan whose engine it is; its program is our agent with the process command.
MpirunRequest mpirun_request(const JobSpec& spec, const LaunchPlan& plan, const KeptFromMpirun& kept);

// Into `plan`, whose layout is made: the command, the user's variables, the interfaces that are relied on,
// notes and warnings. Returns who binds instead of us, in the words of LayoutRequest::why_none; empty: we do.
// Errors: those of mpirun_command().
Result<std::string> add_mpirun_command(const JobSpec& spec, LaunchPlan& plan);

// Where there is no mpirun. For launcher ddp -x, --NCCL_DEBUG and -wdir of the user's options count all the
// same, the rest is named in a warning, and refused is what is refused on several hosts; the other launchers
// use none of them, which is a warning too.
Result<void> take_options_without_mpirun(const JobSpec& spec, LaunchPlan& plan);

// What mpirun (where it is the engine) and NCCL are told to use, by the plan, the user's options or the
// environment.
std::vector<WantedInterface> find_wanted_interfaces(const JobSpec& spec, Engine engine, bool several_hosts);

}  // namespace smlaunch
