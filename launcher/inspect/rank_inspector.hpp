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
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/inspect/rank_state.hpp"

namespace smlaunch {

class RankInspector {
 public:
  RankInspector(boost::asio::io_context& loop, std::function<void(const RankState&)> done)
      : timer_(loop), done_(std::move(done)) {}

  // Looks at `pid` and the processes that it has started; `done` is called once, after some seconds at the
  // latest. `path`: the rank's environment, whose PATH is searched for py-spy. Returns true if the process
  // has been ended to get its stack: faulthandler.enable() prints it only for a deadly signal.
  bool begin(int pid, bool is_starter, const std::map<std::string, std::string>& path);
  // Takes what the rank prints on stderr meanwhile.
  void heard(std::string_view lines);
  // The rank has ended, and everything that it printed has been heard.
  void rank_ended() { conclude(); }

 private:
  void conclude();

  boost::asio::steady_timer timer_;
  std::function<void(const RankState&)> done_;
  std::optional<RankState> state_;  // while it goes on
  std::vector<std::string> lines_;
  bool collecting_ = false;
};

}  // namespace smlaunch
