// SPDX-License-Identifier: Apache-2.0
// Waits for hosts that do something by themselves, in the way of begin_on_hosts().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "launcher/process/event_loop.hpp"
#include "launcher/remote/host_work.hpp"

namespace smlaunch {

struct WatchRequest {
  std::chrono::milliseconds timeout{std::chrono::hours(1)};
  // How far the hosts are, `seconds` after the start; called often at first, then five times a second.
  std::function<std::vector<HostReadiness>(double seconds)> look = {};
  std::function<void(const RemoteReport&)> progress = {};  // called after each look; may be empty
};

// Is over when all hosts are ready, when one of them never will be, at the time-out, or when it is stopped. The first look
// is at once.
std::unique_ptr<HostWork> begin_watch(EventLoop& loop, WatchRequest request, TakeReport done);

}  // namespace smlaunch
