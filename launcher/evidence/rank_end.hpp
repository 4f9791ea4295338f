// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/process/exit_status.hpp"

namespace smlaunch {

// How a rank ended, as its agent saw it: the same value in the agent's message, in the supervisor's event
// and record, and in the first failure.
struct RankEnd {
  ExitStatus status = {};
  bool told_to_stop = false;                 // its agent had sent it a signal before
  std::vector<std::string> last_lines = {};  // the printed lines that tell about its end
  std::optional<int> failed_rank = {};       // for a torchrun: the rank whose lines these are
  // Processes of its container that the kernel killed for lack of memory: just before its end, and earlier
  // in its life.
  long oom_kills = 0;
  long earlier_oom_kills = 0;
};

}  // namespace smlaunch
