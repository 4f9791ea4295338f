// SPDX-License-Identifier: Apache-2.0
// All that is known about an all-reduce test; its verdict is a function of it (smoke_report.hpp).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

// One rank in the test of all.
struct RankCheck {
  // When it reached each stage, in seconds since the test began, by the leader's clock.
  std::array<std::optional<double>, all_smoke_stages.size()> reached = {};
  std::optional<LibraryFacts> library;
  std::optional<TestResult> result;
  std::optional<CheckFailed> failure;
  std::string lost;  // its program, or its agent, was gone before it had a result: how
  double lost_seconds = 0;
  bool lost_alone = false;  // not because it could not talk to others: killed, never started, agent gone
};

// What came of a test among the ranks of one host, or of two; in a job on a single host, between two ranks.
struct GroupResult {
  std::vector<int> hosts;            // one or two node ranks; on a single host two ranks
  bool passed = false;               // every sum was right, in time
  std::optional<double> busbw_gbps;  // with what was waited for the last to arrive; nothing: it did not end
  std::string why;                   // it did not pass
  bool operator==(const GroupResult&) const = default;
};

struct SmokeRecord {
  std::vector<RankCheck> ranks;
  std::vector<std::optional<HostGpus>> gpus;  // by node rank
  bool timed_out = false;
  std::string not_run;              // why it could not be run, through no fault of a rank; empty: it was
  std::vector<GroupResult> groups;  // of the search, in the order in which they ran
  bool searched = false;
  bool search_cut_short = false;  // its time was over
  double seconds = 0;             // all of it
};

}  // namespace smlaunch
