// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "launcher/outcome/job_record.hpp"

namespace smlaunch {

// Are all ranks so? After each of thousands of events that is asked anew, so every rank is looked at once: a rank
// that is so stays so, or is named.
class AllRanks {
 public:
  template <class IsSo>
  bool are(const Indexed<Rank, RankRecord>& ranks, const IsSo& is_so) {
    while (ranks.has(next_) && is_so(ranks[next_])) ++next_.value;
    return !ranks.has(next_);
  }
  void look_again_at(Rank rank) { next_ = std::min(next_, rank); }
  void begin_anew() { next_ = Rank{0}; }

 private:
  Rank next_{0};  // the first rank that was not so
};

}  // namespace smlaunch
