// SPDX-License-Identifier: Apache-2.0
#include "cuda/poll_pause.hpp"

#include <algorithm>
#include <thread>

namespace smlaunch {

using std::chrono::microseconds;

std::chrono::microseconds poll_pause(std::chrono::nanoseconds waited) {
  constexpr microseconds least{50};
  constexpr microseconds most{5000};
  return std::clamp(std::chrono::duration_cast<microseconds>(waited / 20), least, most);
}

void PollPauses::pause() const {
  std::this_thread::sleep_for(poll_pause(std::chrono::steady_clock::now() - begin_));
}

}  // namespace smlaunch
