// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/watch_hosts.hpp"

#include <algorithm>
#include <utility>

namespace smlaunch {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_interval{10};
constexpr milliseconds longest_interval{200};

class Watch final : public HostWork {
 public:
  Watch(EventLoop& loop, WatchRequest request, TakeReport take)
      : loop_(loop),
        request_(std::move(request)),
        take_(std::move(take)),
        timer_(loop.make_timer()),
        start_ns_(loop.now_ns()) {
    timer_->start(milliseconds(0), [this] { look(); });
  }

  void stop(int signal) override {
    report_.stopped_by_signal = signal;
    look();
  }

 private:
  void look() {
    const auto now = std::chrono::nanoseconds(loop_.now_ns() - start_ns_);
    report_.seconds = std::chrono::duration<double>(now).count();
    report_.hosts = request_.look(report_.seconds);
    const auto is = [](ReadyState state) {
      return [state](const HostReadiness& host) { return host.state == state; };
    };
    report_.ready = std::all_of(report_.hosts.begin(), report_.hosts.end(), is(ReadyState::ready));
    const bool is_hopeless = std::any_of(report_.hosts.begin(), report_.hosts.end(), is(ReadyState::failed));
    const bool is_over =
        report_.ready || is_hopeless || report_.stopped_by_signal != 0 || now >= request_.timeout;
    if (is_over)
      finish();
    else
      timer_->start(interval_, [this] { look(); });
    interval_ = std::min(interval_ * 3 / 2, longest_interval);
    if (request_.progress) request_.progress(report_);
  }

  // A signal that comes in the last moment still counts.
  void finish() {
    timer_->start(milliseconds(0), [this] {
      const TakeReport take = std::exchange(take_, nullptr);
      take(std::move(report_));
    });
  }

  EventLoop& loop_;
  WatchRequest request_;
  TakeReport take_;
  std::unique_ptr<LoopTimer> timer_;
  std::uint64_t start_ns_;
  milliseconds interval_ = first_interval;
  RemoteReport report_;
};

}  // namespace

std::unique_ptr<HostWork> begin_watch(EventLoop& loop, WatchRequest request, TakeReport done) {
  return std::make_unique<Watch>(loop, std::move(request), std::move(done));
}

}  // namespace smlaunch
