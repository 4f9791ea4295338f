// SPDX-License-Identifier: Apache-2.0
// How each rank of a run has ended, as the report lists it. Under a starter whose ranks say who they are (torchrun) the
// record has one entry for each host, and the ranks stand in it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/outcome/report_json.hpp"

namespace smlaunch {

struct RankResult {
  Rank rank = {};
  std::string host = {};
  int pid = 0;  // 0: it was never started
  std::optional<ExitStatus> status = {};
  double seconds = 0;
  Cause cause = Cause::own;
};

// By rank.
std::vector<RankResult> find_rank_results(const Report& report);

// One for each host, by node rank; none where the ranks have no starter, or a starter that says nothing of them. `rank`
// is the first rank that it starts.
std::vector<RankResult> find_starter_results(const Report& report);

// The rank that has left a process running: of a starter's record the rank that the process names, if it can be.
Rank find_leaver(const Report& report, Rank record, const LeftProcess& process);

}  // namespace smlaunch
