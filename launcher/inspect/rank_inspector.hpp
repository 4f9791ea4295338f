// SPDX-License-Identifier: Apache-2.0
// The room launcher/inspect: what a rank is doing now, and what that says about a job that hangs. It promises
// facts within a bounded time, and changes nothing in the rank. It touches /proc and py-spy, and sends a
// signal that the rank has asked for.
//
// What a rank is doing, with its Python stack if possible. The stack comes from py-spy, otherwise from
// Python's own faulthandler, which prints it for a signal that the program has chosen.
#pragma once

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
#include <vector>

#include "launcher/inspect/rank_state.hpp"

namespace smlaunch {

class RankInspector {
 public:
  RankInspector(boost::asio::io_context& loop, std::function<void(const RankState&)> done)
      : loop_(loop), timer_(loop), done_(std::move(done)) {}

  // Looks at `pid` and the processes that it has started; `done` is called once, after some seconds at the
  // latest. `path`: the rank's environment, whose PATH is searched for py-spy. Returns true if processes are
  // ended to get their stacks: faulthandler.enable() prints them only for a deadly signal.
  bool begin(int pid, bool is_starter, const std::map<std::string, std::string>& path);
  // Looks at them from outside only, in a thread: the loop and the rank go on. `done` is called with it, too: first
  // without stacks, within four seconds, then with those that there are.
  // Nothing happens while a look or a question is under way.
  void look(int pid, bool is_starter, const std::map<std::string, std::string>& path);
  ~RankInspector();
  RankInspector(const RankInspector&) = delete;
  RankInspector& operator=(const RankInspector&) = delete;
  // Takes what the rank prints on stderr meanwhile.
  void heard(std::string_view lines);
  // The rank has ended, and everything that it printed has been heard.
  void rank_ended() { conclude(); }

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

  void looked(const RankState& state);

  boost::asio::io_context& loop_;
  std::thread looker_;
  boost::asio::steady_timer timer_;
  std::function<void(const RankState&)> done_;
  std::optional<RankState> state_;  // while it goes on
  // One after the other: under torchrun all write to one pipe.
  std::vector<Asked> to_ask_;
  std::optional<Asked> asked_;
  std::vector<std::string> lines_;  // since it was asked
  std::size_t lines_at_last_look_ = 0;
  bool was_over_ = false;                          // then
  std::chrono::steady_clock::time_point give_up_;  // on the one that is asked
  std::chrono::steady_clock::time_point give_up_all_;
};

}  // namespace smlaunch
