// SPDX-License-Identifier: Apache-2.0
// The waits for hosts that somebody makes one after the other on his loop: what they show, and what ends them.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "launcher/process/event_loop.hpp"
#include "launcher/remote/host_work.hpp"
#include "launcher/remote/ready_display.hpp"
#include "launcher/remote/watch_hosts.hpp"

namespace smlaunch {

struct WaitStyle {
  bool is_shown = false;     // its progress, on stderr
  bool is_farewell = false;  // hosts learn that there is no job: whoever stops a worker does not end it
  std::function<RemoteReport(const RemoteReport&)> shown_as =
      {};  // what is shown instead of a report; may be empty
};

class HostWaits {
 public:
  // `quiet`: nothing is shown. Lives as long as a wait may be under way.
  HostWaits(EventLoop& loop, BeginOnHosts begin_on_hosts, bool quiet);

  // One at a time. `done` may begin the next one. A request's own `progress` is called, too.
  void run_on_hosts(RemoteRequest request, WaitStyle style, TakeReport done);
  void watch(WatchRequest request, WaitStyle style, TakeReport done);

  // We were told to stop: ends the wait that is under way, else the next one.
  void stop(int signal);
  // A worker was told to stop: ends every wait from now on, but farewells.
  void stop_by_worker(int signal);
  // The signal by which the next wait would be ended at once, else 0; ours counts no more. For who waits for something
  // else.
  int take_stop();

  [[nodiscard]] EventLoop& loop() { return loop_; }

 private:
  using Progress = std::function<void(const RemoteReport&)>;
  using Begin = std::function<std::unique_ptr<HostWork>(TakeReport done)>;
  void begin(const Begin& begin, bool is_farewell, TakeReport done);
  [[nodiscard]] Progress make_progress(const WaitStyle& style, Progress told);

  EventLoop& loop_;
  BeginOnHosts begin_on_hosts_;
  bool quiet_;
  std::unique_ptr<HostWork> work_;  // null: no wait is under way
  bool is_farewell_ = false;
  std::optional<ReadyDisplay> display_;
  int signal_ = 0;         // that came to us while no wait was under way
  int worker_signal_ = 0;  // that came to a worker
};

}  // namespace smlaunch
