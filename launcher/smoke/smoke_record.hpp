// SPDX-License-Identifier: Apache-2.0
// All that is known about an all-reduce test; its verdict is a function of it (smoke_report.hpp).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "launcher/smoke/injection.hpp"
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
};

// What came of a test among the ranks of one host, or of two.
struct GroupResult {
  std::vector<int> hosts;            // one or two node ranks
  bool passed = false;               // every sum was right, in time
  std::optional<double> busbw_gbps;  // with what was waited for the last to arrive; nothing: it did not end
  std::string why;                   // it did not pass
  bool operator==(const GroupResult&) const = default;
};

struct SmokeRecord {
  std::string backend;             // nccl, mpi-cpu
  std::vector<std::string> hosts;  // by node rank
  std::vector<int> node_of_rank;
  long bytes = 0;
  double deadline_seconds = 0;
  Injection injection;
  std::vector<RankCheck> ranks;
  std::vector<std::optional<HostGpus>> gpus;  // by node rank
  std::vector<std::string> notes;             // of library finders
  bool timed_out = false;
  std::vector<GroupResult> groups;  // of the search, in the order in which they ran
  int link_rounds = 0;              // of the search: rounds among good hosts only
  double seconds = 0;               // all of it
};

}  // namespace smlaunch
