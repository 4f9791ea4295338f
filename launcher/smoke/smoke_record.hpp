// SPDX-License-Identifier: Apache-2.0
// All that is known about an all-reduce test; the verdict is a function of this record (smoke_report.hpp).
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/smoke/group_result.hpp"
#include "launcher/smoke/rank_result.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

// The program of a rank, or its agent, was gone before it had a result.
struct CheckLoss {
  std::string how;
  double seconds = 0;  // when, since the test began
  bool alone = false;  // others have no part in it: it was killed, never started, or its agent was gone
};

// In seconds since the test began, by the leader's clock; nothing: not reached.
class StageTimes {
 public:
  std::optional<double>& operator[](SmokeStage stage) { return times_[static_cast<std::size_t>(stage)]; }
  const std::optional<double>& operator[](SmokeStage stage) const {
    return times_[static_cast<std::size_t>(stage)];
  }

 private:
  std::array<std::optional<double>, all_smoke_stages.size()> times_ = {};
};

// One rank in the test of all.
struct RankCheck {
  StageTimes reached = {};
  std::optional<LibraryFacts> library;
  std::optional<TestResult> result;
  std::optional<CheckFailed> failure;
  std::optional<CheckLoss> loss;

  // No end of this rank's test is known yet.
  [[nodiscard]] bool is_open() const { return !result && !failure && !loss; }
};

struct SmokeRecord {
  Indexed<Rank, RankCheck> ranks;
  Indexed<NodeRank, std::optional<HostGpus>> gpus;
  bool timed_out = false;
  std::optional<std::string> not_run;  // why it could not be run, where no rank is to blame
  std::vector<GroupResult> groups;     // of the search, in the order in which they ran
  bool searched = false;
  bool search_cut_short = false;  // its time was over
  double seconds = 0;             // all of it
};

}  // namespace smlaunch
