// SPDX-License-Identifier: Apache-2.0
// The signals that ask for a stop: SIGINT, SIGTERM and SIGHUP. One rule for all of smlaunch: whoever starts us
// with one of them ignored (nohup, a shell's background job) wants us to go on, so it stays ignored.
#pragma once

#include <csignal>
#include <functional>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace smlaunch {

inline constexpr int stop_signals[] = {SIGINT, SIGTERM, SIGHUP};

// These are passed on to the ranks, and stop no job. SIGTSTP and SIGCONT are a shell's.
std::vector<int> find_passed_signals();

// SIGUSR1 and SIGUSR2 end nothing of ours: there may be no rank yet, or this may be no process that passes them on.
void outlive_user_signals();

// Those of them that are not ignored now.
std::vector<int> find_heard_stop_signals();

// They stay pending from here on, in this thread and those that it starts.
void block_stop_signals();

// Ends this process by the signal, so that whoever waits for us sees that.
void end_by_signal(int signal);

// Hears signals on a loop for as long as it lives, even where the caller has blocked them; then handlers and mask
// are as they were.
class HeardSignals {
 public:
  HeardSignals(boost::asio::io_context& loop, const std::vector<int>& signals);
  ~HeardSignals();
  HeardSignals(const HeardSignals&) = delete;
  HeardSignals& operator=(const HeardSignals&) = delete;

  // Called for each that has come or comes while the loop runs.
  void on_signal(std::function<void(int signal)> handler);

 private:
  struct Heard;
  static void wait(const std::shared_ptr<Heard>& heard);

  std::shared_ptr<Heard> heard_;
};

class StopSignals : public HeardSignals {
 public:
  explicit StopSignals(boost::asio::io_context& loop) : HeardSignals(loop, find_heard_stop_signals()) {}
};

// Keeps them pending for as long as it lives, for whoever looks now and then.
class BlockedStopSignals {
 public:
  BlockedStopSignals();
  ~BlockedStopSignals();
  BlockedStopSignals(const BlockedStopSignals&) = delete;
  BlockedStopSignals& operator=(const BlockedStopSignals&) = delete;

  // The next that has come, else 0. It is pending no longer.
  [[nodiscard]] int take() const;

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace smlaunch
