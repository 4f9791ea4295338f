// SPDX-License-Identifier: Apache-2.0
// Where this agent's rank runs: as planned, or by the real machine where the plan has not seen this host.
#pragma once

#include <optional>

#include "launcher/channel/messages.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// What the agent asks the kernel for.
struct RankHome {
  IdSet cpus;  // empty: not bound
  IdSet numa;
  std::optional<int> threads;  // OMP_NUM_THREADS; nothing: the plan's
};

// How many CPUs a job may use here. mpirun may have given this process only a part of them.
int count_host_cpus(const Machine& machine);

// Pure. `machine`: this host; start.own_bind needs it.
RankHome choose_home(const Start& start, int local_rank, const std::optional<Machine>& machine);

// Binds this process, reads back where it may run, and corrects start's OMP_NUM_THREADS where the user has
// not set it.
Started bind_rank(Start& start, int local_rank, const std::optional<Machine>& machine);

}  // namespace smlaunch
