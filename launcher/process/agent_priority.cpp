// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/agent_priority.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>

namespace smlaunch {

int go_before_ranks() {
  const int before = getpriority(PRIO_PROCESS, 0);
  setpriority(PRIO_PROCESS, 0, std::max(before - 10, -20));
  const sched_param lowest{sched_get_priority_min(SCHED_RR)};
  sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &lowest);
  return before;
}

}  // namespace smlaunch
