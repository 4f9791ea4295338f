// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/watch_hosts.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "launcher/process/stop_signals.hpp"

namespace smlaunch {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr milliseconds first_interval{10};
constexpr milliseconds longest_interval{200};

class Watch {
 public:
  explicit Watch(const WatchRequest& request) : request_(request), signals_(loop_), timer_(loop_) {}

  RemoteReport run() {
    signals_.on_signal([this](int number) {
      report_.stopped_by_signal = number;
      loop_.stop();
    });
    look();
    loop_.run();
    // A signal that came in the last moment still counts; otherwise the caller would not hear of it.
    loop_.restart();
    loop_.poll();
    return std::move(report_);
  }

 private:
  void look() {
    const auto now = std::chrono::steady_clock::now() - start_;
    report_.stopped_by_signal = request_.stop_asked ? request_.stop_asked() : 0;
    report_.seconds = std::chrono::duration<double>(now).count();
    report_.hosts = request_.look(report_.seconds);
    const auto is = [](ReadyState state) {
      return [state](const HostReadiness& host) { return host.state == state; };
    };
    report_.ready = std::all_of(report_.hosts.begin(), report_.hosts.end(), is(ReadyState::ready));
    if (request_.progress) request_.progress(report_);
    const bool is_hopeless = std::any_of(report_.hosts.begin(), report_.hosts.end(), is(ReadyState::failed));
    if (report_.ready || is_hopeless || report_.stopped_by_signal != 0 || now >= request_.timeout)
      return loop_.stop();
    timer_.expires_after(interval_);
    interval_ = std::min(interval_ * 3 / 2, longest_interval);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) look();
    });
  }

  const WatchRequest& request_;
  asio::io_context loop_;
  StopSignals signals_;
  asio::steady_timer timer_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  milliseconds interval_ = first_interval;
  RemoteReport report_;
};

}  // namespace

RemoteReport watch_hosts(const WatchRequest& request) { return Watch(request).run(); }

}  // namespace smlaunch
