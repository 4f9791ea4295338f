// SPDX-License-Identifier: Apache-2.0
// Where the leader's own words and the ranks' lines go: RankOutput, in tests a list.
#pragma once

#include <string>
#include <string_view>

#include "topology/layout.hpp"

namespace smlaunch {

class LineOutput {
 public:
  virtual ~LineOutput() = default;
  // Has anybody a use for this rank's lines?
  [[nodiscard]] virtual bool is_wanted(Rank rank) const = 0;
  // `seconds`: when they were read, since the start of the run.
  virtual void print(Rank rank, bool is_stderr, double seconds, std::string_view lines) = 0;
  // Text of nobody's in particular, for stderr.
  virtual void print_plain(std::string text) = 0;
  virtual void say(const std::string& sentence) = 0;
  // Do more lines wait to be read than are good?
  [[nodiscard]] virtual bool is_long() = 0;
};

}  // namespace smlaunch
