// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/stop_signals.hpp"

#include <unistd.h>

#include <algorithm>
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

std::atomic<std::atomic<bool>*> asked_to_stop{nullptr};
static_assert(std::atomic<bool>::is_always_lock_free && decltype(asked_to_stop)::is_always_lock_free,
              "a signal handler uses them");

void note_stop(int) {
  if (std::atomic<bool>* asked = asked_to_stop) *asked = true;
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

void note_stop_signals(std::atomic<bool>& asked) {
  asked_to_stop = &asked;
  for (const int signal : find_heard_stop_signals()) std::signal(signal, note_stop);
}

bool is_stop_pending() {
  sigset_t pending;
  sigpending(&pending);
  return std::any_of(std::begin(stop_signals), std::end(stop_signals),
                     [&](int signal) { return sigismember(&pending, signal) == 1; });
}

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  const sigset_t set = set_of({signal});
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  std::raise(signal);
}

std::vector<int> find_passed_signals() {
  std::vector<int> passed = {SIGUSR1, SIGUSR2, SIGCONT};
  struct sigaction action {};
  sigaction(SIGTSTP, nullptr, &action);
  if (action.sa_handler != SIG_IGN) passed.push_back(SIGTSTP);
  return passed;
}

void outlive_user_signals() {
  for (const int signal : {SIGUSR1, SIGUSR2}) std::signal(signal, SIG_IGN);
}

struct HeardSignals::Heard {
  explicit Heard(boost::asio::io_context& loop) : set(loop) {}
  boost::asio::signal_set set;
  std::vector<std::pair<int, struct sigaction>> before;
  sigset_t mask{};
  std::function<void(int)> handler;
};

HeardSignals::HeardSignals(boost::asio::io_context& loop, const std::vector<int>& signals)
    : heard_(std::make_shared<Heard>(loop)) {
  for (const int signal : signals) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    heard_->before.emplace_back(signal, action);
    heard_->set.add(signal);
  }
  const sigset_t ours = set_of(signals);
  pthread_sigmask(SIG_UNBLOCK, &ours, &heard_->mask);
}

HeardSignals::~HeardSignals() {
  // It restores its own signals only. Another object may hear other signals, which its owner has blocked
  // since.
  for (const auto& [signal, action] : heard_->before) {
    const sigset_t one = set_of({signal});
    pthread_sigmask(sigismember(&heard_->mask, signal) == 1 ? SIG_BLOCK : SIG_UNBLOCK, &one, nullptr);
  }
  boost::system::error_code ignored;
  heard_->set.clear(ignored);
  for (const auto& [signal, action] : heard_->before) sigaction(signal, &action, nullptr);
}

void HeardSignals::on_signal(std::function<void(int)> handler) {
  heard_->handler = std::move(handler);
  wait(heard_);
}

void HeardSignals::wait(const std::shared_ptr<Heard>& heard) {
  // The loop may still run when the owner is gone.
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
