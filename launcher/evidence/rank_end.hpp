// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/process/exit_status.hpp"

namespace smlaunch {

// How a rank ended, as its agent saw it: the same value in the agent's message, in the supervisor's event and
// record, and in the failure that the job is told by.
struct RankEnd {
  ExitStatus status = {};
  bool told_to_stop = false;                 // it had been sent a signal by then
  std::vector<std::string> last_lines = {};  // of what it printed, what tells of its end
  std::optional<int> failed_rank = {};       // of a torchrun: whose lines last_lines are
  // Processes of its container that the kernel killed for lack of memory: just before it ended, and earlier
  // while it ran.
  long oom_kills = 0;
  long earlier_oom_kills = 0;
};

}  // namespace smlaunch
