// SPDX-License-Identifier: Apache-2.0
// Between two looks at something that does not tell when it is done.
#pragma once

#include <chrono>

namespace smlaunch {

// After so much waiting. Short at first, compared with the fastest all-reduce that matters, and then a twentieth of the
// wait: ranks that wait long for a rank that hangs leave the cores to others.
std::chrono::microseconds poll_pause(std::chrono::nanoseconds waited);

// Pauses of one wait.
class PollPauses {
 public:
  void pause() const;

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace smlaunch
