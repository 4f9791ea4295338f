// SPDX-License-Identifier: Apache-2.0
// Where the leader's own words and the ranks' lines go: RankOutput, in tests a list.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "topology/layout.hpp"

namespace smlaunch {

class LineOutput {
 public:
  virtual ~LineOutput() = default;
  // True if this rank's lines are shown or logged.
  [[nodiscard]] virtual bool is_wanted(Rank rank) const = 0;
  // `seconds`: when the lines were read, since the start of the run.
  virtual void print(Rank rank, bool is_stderr, double seconds, std::string_view lines) = 0;
  // The same for a rank that a starter, one of the plan's ranks, has started.
  virtual void print_of_starter(Rank starter, Rank rank, bool is_stderr, double seconds,
                                std::string_view lines) = 0;
  // Text that belongs to no rank, for stderr.
  virtual void print_plain(std::string text) = 0;
  virtual void say(const std::string& sentence) = 0;
  // Shows this line below all others, until the next one takes its place; empty: no line is there.
  virtual void show_live(const std::string& line) = 0;
  // How long it may be; 0: none is shown, since this is no terminal.
  [[nodiscard]] virtual std::size_t live_width() const = 0;
  // True if too many lines wait to be written: the caller should pause.
  [[nodiscard]] virtual bool is_long() = 0;
};

}  // namespace smlaunch
