// SPDX-License-Identifier: Apache-2.0
// Where the threads of a rank run that run: the kernel is asked (ptrace(2)), and a thread stops for a moment that it
// does not notice.
#pragma once

#include <chrono>
#include <set>
#include <vector>

#include "launcher/inspect/rank_motion.hpp"

namespace smlaunch {

// Of a thread that we have seized (ptrace(2)): true where nothing of it is left with us. If it has stopped, it goes on, with
// the signal that it has stopped for; or it is gone.
bool let_go_of(int tid);

// Belongs to one thread of ours, which ends soon after its last look: whatever goes wrong, its end lets go of all.
class ThreadLooks {
 public:
  // The threads of these processes that run now. It takes stop_bound at most, however many they are. A thread that
  // does not stop in that time is let go of later, and is not seen until then.
  MotionLook look(const std::vector<int>& pids);
  // Tries to let go of threads that did not stop in time.
  void let_go();

  static constexpr std::chrono::milliseconds stop_bound{150};

 private:
  std::set<int> held_;  // not let go of yet
};

}  // namespace smlaunch
