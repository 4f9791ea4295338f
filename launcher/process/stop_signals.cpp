// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/stop_signals.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <ctime>
#include <iterator>
#include <utility>

namespace smlaunch {

namespace {

sigset_t set_of(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

}  // namespace

std::vector<int> find_heard_stop_signals() {
  std::vector<int> heard;
  for (const int signal : stop_signals) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    if (action.sa_handler != SIG_IGN) heard.push_back(signal);
  }
  return heard;
}

void block_stop_signals() {
  const sigset_t set = set_of(find_heard_stop_signals());
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  const sigset_t set = set_of({signal});
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  std::raise(signal);
}

struct StopSignals::Heard {
  explicit Heard(boost::asio::io_context& loop) : set(loop) {}
  boost::asio::signal_set set;
  struct sigaction before[std::size(stop_signals)] = {};
  sigset_t mask{};
  std::function<void(int)> handler;
};

StopSignals::StopSignals(boost::asio::io_context& loop) : heard_(std::make_shared<Heard>(loop)) {
  for (std::size_t i = 0; i < std::size(stop_signals); ++i)
    sigaction(stop_signals[i], nullptr, &heard_->before[i]);
  const std::vector<int> heard = find_heard_stop_signals();
  for (const int signal : heard) heard_->set.add(signal);
  const sigset_t ours = set_of(heard);
  pthread_sigmask(SIG_UNBLOCK, &ours, &heard_->mask);
}

StopSignals::~StopSignals() {
  pthread_sigmask(SIG_SETMASK, &heard_->mask, nullptr);
  boost::system::error_code ignored;
  heard_->set.clear(ignored);
  for (std::size_t i = 0; i < std::size(stop_signals); ++i)
    sigaction(stop_signals[i], &heard_->before[i], nullptr);
}

void StopSignals::on_signal(std::function<void(int)> handler) {
  heard_->handler = std::move(handler);
  wait(heard_);
}

void StopSignals::wait(const std::shared_ptr<Heard>& heard) {
  // The loop may run on when the owner is gone.
  heard->set.async_wait(
      [weak = std::weak_ptr<Heard>(heard)](const boost::system::error_code& error, int signal) {
        const auto still = weak.lock();
        if (error || !still) return;
        still->handler(signal);
        wait(still);
      });
}

BlockedStopSignals::BlockedStopSignals() : set_(set_of(find_heard_stop_signals())) {
  pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

BlockedStopSignals::~BlockedStopSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

int BlockedStopSignals::take() const {
  const timespec now{};
  const int signal = sigtimedwait(&set_, nullptr, &now);
  return signal > 0 ? signal : 0;
}

}  // namespace smlaunch
