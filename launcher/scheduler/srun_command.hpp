// SPDX-License-Identifier: Apache-2.0
// The words that Slurm's srun is started with: for every step of ours, and for the step whose tasks are a job's
// agents. Pure.
//
// Policy: a step shares everything with the steps that run (--overlap), else it would wait for them; it is not bound
// to CPUs, for our agents bind; and what sbatch or salloc was asked for does not count for it: srun reads that from
// its environment.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mpi/tagged_line.hpp"

namespace smlaunch {

// The variables of the job that srun would take for its own options.
const std::vector<std::string>& options_of_the_job();

// Those of them that programs read, too: a step of ours has to give them back to its ranks.
const std::vector<std::string>& options_for_programs();

// The words that every step of ours begins with.
std::vector<std::string> begin_srun(std::size_t hosts, std::size_t tasks);

// A step with a task for each rank: on these hosts, in this order, whatever Slurm's own order is, so many on each.
// A task's SLURM_PROCID is its rank, and SLURM_LOCALID its local rank. The program follows.
std::vector<std::string> make_agents_step(const std::vector<std::pair<std::string, int>>& hosts);

// " 3: hello", as --label marks the lines of task 3; nothing for srun's own words.
std::optional<TaggedLine> parse_labelled_line(std::string_view line);

}  // namespace smlaunch
