// SPDX-License-Identifier: Apache-2.0
// Waiting for what hosts do by themselves, as run_on_hosts() waits for them.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

struct WatchRequest {
  std::chrono::milliseconds timeout{std::chrono::hours(1)};
  // How they stand `seconds` after the start; asked often at first, then five times a second.
  std::function<std::vector<HostReadiness>(double seconds)> look = {};
  std::function<void(const RemoteReport&)> progress = {};  // called after each look; may be empty
  std::function<int()> stop_asked = {};  // before each look: a signal's number ends the waiting
};

// Returns when all are ready, when one never will be, at the time-out, or on SIGINT/SIGTERM.
RemoteReport watch_hosts(const WatchRequest& request);

}  // namespace smlaunch
