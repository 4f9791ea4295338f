// SPDX-License-Identifier: Apache-2.0
// The room launcher/inspect: what a rank is doing now, and what that says of a job that hangs. It promises
// facts within a bound and changes nothing in the rank. It touches /proc, py-spy, and a signal that the rank
// has asked for.
//
// What a rank is doing, with its Python stack where that can be had: from py-spy, else from Python's own
// faulthandler, which prints it for a signal that the program has given it.
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

  // Looks at `pid` and what it has started; `done` is called once, at the latest after some seconds. `path`:
  // where py-spy is looked for (the rank's environment). Returns true if it has ended the process for its
  // stack: faulthandler.enable() prints it only for a deadly signal.
  bool begin(int pid, bool is_starter, const std::map<std::string, std::string>& path);
  // What the rank prints on stderr meanwhile.
  void heard(std::string_view lines);
  // The rank is over, and has printed all it will.
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
