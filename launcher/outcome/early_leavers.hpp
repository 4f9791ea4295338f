// SPDX-License-Identifier: Apache-2.0
// Ranks that left with code 0 while others still needed them: a failure that begins with them is not that of the rank
// which noticed it. Pure.
#pragma once

#include <vector>

#include "launcher/outcome/first_failure.hpp"

namespace smlaunch {

struct EarlyLeaver {
  Rank rank = {};   // of a starter that has left, and whose ranks are not known: its first rank
  Rank entry = {};  // of the record
  double seconds = 0;
  bool is_started = false;  // by a starter, and it has said who it is
};

// The ranks that had left before the end of `failure`, the earliest first, where `failure` only says that a peer was
// gone. None where it has a reason of its own.
std::vector<EarlyLeaver> find_early_leavers(const JobRecord& record, const FirstFailure& failure);

FirstFailure make_failure_of(const JobRecord& record, const EarlyLeaver& leaver, const RankHosts& hosts);

}  // namespace smlaunch
