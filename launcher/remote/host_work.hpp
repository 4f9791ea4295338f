// SPDX-License-Identifier: Apache-2.0
// Work on all hosts that is under way on a loop beside other work. Who has a loop of its own only for that calls
// run_on_hosts().
#pragma once

#include <functional>
#include <memory>

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

class AsioLoop;

class HostWork {
 public:
  HostWork() = default;
  // Ends it. Nobody is told, and no ssh client stays but logins that wait.
  virtual ~HostWork() = default;
  HostWork(const HostWork&) = delete;
  HostWork& operator=(const HostWork&) = delete;

  // Ends it as by this signal, which the report tells. Not after that report.
  virtual void stop(int signal) = 0;
};

// Called once from the loop, when the work is over; never before it was begun. It may destroy the work.
using TakeReport = std::function<void(RemoteReport report)>;

// begin_on_hosts() on some loop; in tests, hosts that are made up.
using BeginOnHosts = std::function<std::unique_ptr<HostWork>(RemoteRequest request, TakeReport done)>;

// What run_on_hosts() does, but for the signals: the loop's owner hears them.
std::unique_ptr<HostWork> begin_on_hosts(AsioLoop& loop, RemoteRequest request, TakeReport done);

}  // namespace smlaunch
