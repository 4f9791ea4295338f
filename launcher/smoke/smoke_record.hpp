// SPDX-License-Identifier: Apache-2.0
// All that is known about an all-reduce test; its verdict is a function of it (smoke_report.hpp).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "launcher/smoke/group_result.hpp"
#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

// The program of a rank, or its agent, was gone before it had a result.
struct CheckLoss {
  std::string how;
  double seconds = 0;  // when, since the test began
  bool alone = false;  // not because it could not talk to others: killed, never started, agent gone
};

// One rank in the test of all.
struct RankCheck {
  // When it reached each stage, in seconds since the test began, by the leader's clock.
  std::array<std::optional<double>, all_smoke_stages.size()> reached = {};
  std::optional<LibraryFacts> library;
  std::optional<TestResult> result;
  std::optional<CheckFailed> failure;
  std::optional<CheckLoss> loss;

  // Nothing that it has come to is known yet.
  [[nodiscard]] bool is_open() const { return !result && !failure && !loss; }
};

struct SmokeRecord {
  std::vector<RankCheck> ranks;
  std::vector<std::optional<HostGpus>> gpus;  // by node rank
  bool timed_out = false;
  std::optional<std::string> not_run;  // why it could not be run, through no fault of a rank
  std::vector<GroupResult> groups;     // of the search, in the order in which they ran
  bool searched = false;
  bool search_cut_short = false;  // its time was over
  double seconds = 0;             // all of it
};

}  // namespace smlaunch
