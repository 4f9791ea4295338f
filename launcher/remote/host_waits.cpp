// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/host_waits.hpp"

#include <cassert>
#include <utility>

namespace smlaunch {

HostWaits::HostWaits(EventLoop& loop, BeginOnHosts begin_on_hosts, bool quiet)
    : loop_(loop), begin_on_hosts_(std::move(begin_on_hosts)), quiet_(quiet) {}

void HostWaits::run_on_hosts(RemoteRequest request, WaitStyle style, TakeReport done) {
  if (style.is_shown) request.progress = make_progress(style, std::move(request.progress));
  begin([&](TakeReport over) { return begin_on_hosts_(std::move(request), std::move(over)); },
        style.is_farewell, std::move(done));
}

void HostWaits::watch(WatchRequest request, WaitStyle style, TakeReport done) {
  if (style.is_shown) request.progress = make_progress(style, std::move(request.progress));
  begin([&](TakeReport over) { return begin_watch(loop_, std::move(request), std::move(over)); },
        style.is_farewell, std::move(done));
}

HostWaits::Progress HostWaits::make_progress(const WaitStyle& style, Progress told) {
  if (quiet_) return told;
  display_.emplace(2);
  return [this, as = style.shown_as, told = std::move(told)](const RemoteReport& now) {
    if (told) told(now);
    if (display_) display_->show(as ? as(now) : now);
  };
}

void HostWaits::begin(const Begin& begin, bool is_farewell, TakeReport done) {
  assert(!work_);
  is_farewell_ = is_farewell;
  work_ = begin([this, done = std::move(done)](RemoteReport report) {
    work_.reset();
    display_.reset();  // takes the live line away before anything is said
    // It may have come in the last moment. Whoever was told to stop goes on to nothing.
    if (report.stopped_by_signal != 0) report.ready = false;
    done(std::move(report));
  });
  const int signal = std::exchange(signal_, 0);
  if (signal != 0)
    work_->stop(signal);
  else if (worker_signal_ != 0 && !is_farewell_)
    work_->stop(worker_signal_);
}

void HostWaits::stop(int signal) {
  if (work_)
    work_->stop(signal);
  else
    signal_ = signal;
}

void HostWaits::stop_by_worker(int signal) {
  worker_signal_ = signal;
  if (work_ && !is_farewell_) work_->stop(signal);
}

int HostWaits::take_stop() {
  const int signal = std::exchange(signal_, 0);
  return signal != 0 ? signal : worker_signal_;
}

}  // namespace smlaunch
