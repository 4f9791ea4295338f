// SPDX-License-Identifier: Apache-2.0
// Ranks that wait less in collectives than the others, which wait for them: by what PyTorch's flight recorder knows of
// the last collectives. Pure. It is a hint and no more: a rank may have more to do.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "launcher/inspect/hang_report.hpp"

namespace smlaunch {

struct ShortWaits {
  Rank rank = {};
  std::string host = {};
  std::string group = {};     // "default", or its name
  double seconds = 0;         // in a collective: the median
  double others_seconds = 0;  // the median of theirs; of two the longer
  std::size_t others = 0;
  std::size_t collectives = 0;  // that all of them have come to
};

// A rank stands there once, by its group with the longest waits. How long a rank has waited is what its recorder says.
// Where that knows only when it came, as over gloo, ranks of one host are compared, since only they have one clock.
std::vector<ShortWaits> find_short_waits(const std::vector<RankLook>& looks);

// "waits 0.1 ms in a collective of the default group, where others wait 50 ms (medians of 40)".
std::string describe(const ShortWaits& waits);

}  // namespace smlaunch
