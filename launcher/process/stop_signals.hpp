// SPDX-License-Identifier: Apache-2.0
// The signals that ask for a stop. One rule for all of smlaunch: a signal that was ignored when we started (nohup, a
// shell's background job) stays ignored.
#pragma once

#include <atomic>
#include <csignal>
#include <functional>
#include <memory>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace smlaunch {

// SIGXCPU and SIGPWR come from batch systems and the kernel, SIGALRM from `perl -e 'alarm 60; exec @ARGV'` and its like.
inline constexpr int stop_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGXCPU, SIGPWR};

// What the ranks get when this stop signal has come: the signal itself where training programs know it, else SIGTERM.
constexpr int signal_for_ranks(int stop_signal) {
  return stop_signal == SIGINT || stop_signal == SIGHUP ? stop_signal : SIGTERM;
}

// The kernel sends SIGXCPU once a second from the limit on: that is no second wish.
constexpr bool is_sent_again_by_itself(int stop_signal) { return stop_signal == SIGXCPU; }

// These are passed on to the ranks, and stop no job. SIGTSTP and SIGCONT come from a shell.
std::vector<int> find_passed_signals();

// SIGUSR1 and SIGUSR2 end none of our processes: there may be no rank yet, or this may be a process that
// passes none on.
void outlive_user_signals();

// The stop signals that are not ignored now.
std::vector<int> find_heard_stop_signals();

// They stay pending from here on, in this thread and in threads that it starts.
void block_stop_signals();

// From here on a stop signal sets `asked`, which must live as long as this process, and does nothing else. For a process
// that has no loop, and threads that look at it.
void note_stop_signals(std::atomic<bool>& asked);

// Has a stop signal come, and is kept for whoever takes it?
bool is_stop_pending();

// Ends this process by the signal, so that its parent sees the signal.
void end_by_signal(int signal);

// Hears signals on a loop for as long as it lives, even where the caller has blocked them. Then it restores
// handlers and mask.
class HeardSignals {
 public:
  HeardSignals(boost::asio::io_context& loop, const std::vector<int>& signals);
  ~HeardSignals();
  HeardSignals(const HeardSignals&) = delete;
  HeardSignals& operator=(const HeardSignals&) = delete;

  // Called for each signal that has come, or comes while the loop runs.
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

// Keeps the stop signals pending for as long as it lives, for code that looks for them now and then.
class BlockedStopSignals {
 public:
  BlockedStopSignals();
  ~BlockedStopSignals();
  BlockedStopSignals(const BlockedStopSignals&) = delete;
  BlockedStopSignals& operator=(const BlockedStopSignals&) = delete;

  // The next signal that has come, else 0. It is not pending any more.
  [[nodiscard]] int take() const;

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace smlaunch
