// SPDX-License-Identifier: Apache-2.0
// The room launcher/inspect: what a rank is doing now, and what that says about a job that hangs. It promises
// facts within a bounded time, and that the rank goes on as before: a running thread is stopped for a moment (ptrace) to
// see where it is. It touches /proc, the sockets of threads that a rank's Python processes have started for us, the
// folder of that thread's Python file, NCCL's port, and py-spy and debuggers, which hold a process for a moment, and sends a
// signal that the rank has asked for.
//
// What a rank is doing, with its Python stack if possible. The stack comes from a thread of ours in the process,
// where that does not answer from py-spy, and at last from Python's own faulthandler, which prints it for a signal
// that the program has chosen.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "launcher/inspect/rank_state.hpp"

namespace smlaunch {

class RankInspector {
 public:
  struct Callbacks {
    std::function<void(const RankState&)> done;
    // Processes are ended now to get their stacks: faulthandler.enable() prints them only for a deadly signal.
    std::function<void()> ends_processes;
  };
  RankInspector(boost::asio::io_context& loop, Callbacks callbacks)
      : loop_(loop), timer_(loop), callbacks_(std::move(callbacks)) {}

  // Where the sockets of the rank's threads lie (rank_thread_folder.hpp); empty: it has none.
  void set_threads(std::string folder) { threads_ = std::move(folder); }
  using Variables = std::map<std::string, std::string>;
  // Looks at `pid` and the processes that it has started; `done` is called once, after some seconds at the
  // latest. `variables`: of the rank's environment PATH, which is searched for py-spy, and what says where NCCL answers.
  void begin(int pid, bool is_starter, const Variables& variables, bool asks_nccl = false);
  // The same of a rank that goes on: it gets no signal, and it is seen whether it computes: `done` is called with that
  // first, within four seconds, and then with all. Nothing happens while a look or a question is under way.
  // `natively`: its native stacks are taken, too.
  void look(int pid, bool is_starter, const Variables& variables, bool natively);
  ~RankInspector();
  RankInspector(const RankInspector&) = delete;
  RankInspector& operator=(const RankInspector&) = delete;
  // Takes what the rank prints on stderr meanwhile.
  void heard(std::string_view lines);
  // The rank has ended, and everything that it printed has been heard.
  void rank_ended();

 private:
  // A process that is asked for its stack by a signal.
  struct Asked {
    std::size_t process = 0;  // of the state
    int signal = 0;
  };
  void choose_asked(bool is_starter);
  void ask_next();
  void look_again();
  void take_stack();
  void conclude();

  // Who is looked at.
  struct Subject {
    int pid = 0;
    bool is_starter = false;
    Variables variables = {};
    bool asks_nccl = false;
    bool is_look = false;
    bool natively = true;
  };
  // What is seen without asking for it by a signal. In a thread of its own: the loop goes on.
  void gather(const Subject& subject);
  void gathered(const Subject& subject, RankState state);

  boost::asio::io_context& loop_;
  std::thread looker_;
  std::atomic<bool> is_over_ = false;  // the looker is to end
  bool is_begun_ = false;              // begin() was called, and `done` not yet
  std::optional<Subject> next_;        // is to be begun when the look has ended
  boost::asio::steady_timer timer_;
  Callbacks callbacks_;
  std::string threads_;
  std::optional<RankState> state_;  // while processes are asked by signals
  // One after the other: under torchrun all write to one pipe.
  std::vector<Asked> to_ask_;
  std::optional<Asked> asked_;
  std::vector<std::string> lines_;  // since it was asked
  std::size_t lines_at_last_look_ = 0;
  bool was_over_ = false;                          // then
  std::chrono::steady_clock::time_point give_up_;  // on the process that is asked
  std::chrono::steady_clock::time_point give_up_all_;
};

}  // namespace smlaunch
