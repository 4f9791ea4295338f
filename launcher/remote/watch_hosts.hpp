// SPDX-License-Identifier: Apache-2.0
// Waits for hosts that do something by themselves, in the way of run_on_hosts().
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

struct WatchRequest {
  std::chrono::milliseconds timeout{std::chrono::hours(1)};
  // How far the hosts are, `seconds` after the start; called often at first, then five times a second.
  std::function<std::vector<HostReadiness>(double seconds)> look = {};
  std::function<void(const RemoteReport&)> progress = {};  // called after each look; may be empty
  std::function<int()> stop_asked = {};  // called before each look; a signal's number ends the wait
};

// Returns when all hosts are ready, when one of them never will be, at the time-out, or on SIGINT/SIGTERM.
RemoteReport watch_hosts(const WatchRequest& request);

}  // namespace smlaunch
