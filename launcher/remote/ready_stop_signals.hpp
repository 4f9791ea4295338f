// SPDX-License-Identifier: Apache-2.0
// SIGINT, SIGTERM and SIGHUP on an Asio loop; SIGHUP only where it is not ignored (nohup(1)).
#pragma once

#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <iterator>

namespace smlaunch {

// Asio's signal handling for as long as it lives, even where the caller has blocked the signals; then as
// before.
class StopSignals {
 public:
  explicit StopSignals(boost::asio::io_context& loop) : set_(loop) {
    for (std::size_t i = 0; i < std::size(numbers_); ++i) ::sigaction(numbers_[i], nullptr, &before_[i]);
    sigset_t ours;
    sigemptyset(&ours);
    for (std::size_t i = 0; i < std::size(numbers_); ++i) {
      if (numbers_[i] == SIGHUP && before_[i].sa_handler == SIG_IGN) continue;
      set_.add(numbers_[i]);
      sigaddset(&ours, numbers_[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &ours, &mask_);
  }
  ~StopSignals() {
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    boost::system::error_code ignored;
    set_.clear(ignored);
    for (std::size_t i = 0; i < std::size(numbers_); ++i) ::sigaction(numbers_[i], &before_[i], nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  template <class Handler>
  void on_signal(Handler handler) {
    set_.async_wait([handler](const boost::system::error_code& error, int number) {
      if (!error) handler(number);
    });
  }

 private:
  static constexpr int numbers_[] = {SIGINT, SIGTERM, SIGHUP};
  boost::asio::signal_set set_;
  struct sigaction before_[std::size(numbers_)] = {};
  sigset_t mask_{};
};

}  // namespace smlaunch
