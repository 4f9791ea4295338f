// SPDX-License-Identifier: Apache-2.0
// Launchers whose own program starts the ranks of a host: torchrun, and PyTorch/XLA's xla_spawn. One process
// of ours stands for all ranks of its host: this program. Command lines and variables are those of the
// toolkit (sagemaker_training/torch_distributed.py, pytorch_xla.py).
#pragma once

#include <string>
#include <vector>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// `smlaunch rank --of-starter -- PROGRAM`: what a starter runs in the place of each rank, which becomes PROGRAM.
inline constexpr const char* of_starter_word = "--of-starter";

bool has_starter(LauncherKind launcher);

// Whether the hosts find each other by what stands in their plans, and no agent can choose a port for them.
bool must_agree_on_port(const LaunchPlan& plan);

// `torchrun --nnodes 2 … train.py`, `python -m torch_xla.distributed.xla_spawn …`. Errors
// (Fault::configuration): an entry point that the program cannot start, hosts without GPUs under xla.
Result<std::vector<std::string>> starter_command(const JobSpec& spec, const LaunchPlan& plan);

// What the program needs to know: common to all hosts, and each host's own.
Variables starter_variables(const JobSpec& spec, const LaunchPlan& plan);
Indexed<NodeRank, Variables> starter_host_variables(const JobSpec& spec, const LaunchPlan& plan);

// Does this launcher start each rank by way of us, so that we know whose lines are whose, and bind it?
bool knows_ranks_of_starter(const JobSpec& spec);
bool starts_ranks_by_us(const LaunchPlan& plan);  // the same of a plan that is made

// Variables that say where the ranks meet: what the host's environment says of it belongs to another job.
bool is_rendezvous(const std::string& variable);

// How many ranks a plan has, as it is made or as it is run: a starter that knows none counts as one.
int known_ranks(const LaunchPlan& plan);

// The plan as it is run: its ranks are the starters, one on each host. Any other plan stays as it is.
LaunchPlan plan_of_processes(const JobSpec& spec, const LaunchPlan& plan);

}  // namespace smlaunch
