// SPDX-License-Identifier: Apache-2.0
// The lines of a rank in which --progress finds its progress. A rank that prints fast is not held back for it: matching
// gets a part of each second. When that is used up, we look only at the newest lines.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/steady_time.hpp"
#include "launcher/progress/progress_pattern.hpp"

namespace smlaunch {

class ProgressLines {
 public:
  // `clock`: in nanoseconds, steady.
  explicit ProgressLines(ProgressPattern pattern, std::function<std::uint64_t()> clock = steady_now_ns)
      : pattern_(std::move(pattern)), clock_(std::move(clock)) {}

  // Whole lines that came at `now_ns`. Of many lines, the last count.
  void take(std::string_view lines, std::uint64_t now_ns);
  // What they said since the last call.
  Progress take_all();

 private:
  void look_at(std::string_view line);

  ProgressPattern pattern_;
  std::function<std::uint64_t()> clock_;
  Progress said_;
  std::string newest_;  // lines for which there was no time
  std::uint64_t second_begin_ns_ = 0;
  std::uint64_t spent_ns_ = 0;  // in this second
};

}  // namespace smlaunch
