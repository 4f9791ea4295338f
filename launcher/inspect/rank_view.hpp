// SPDX-License-Identifier: Apache-2.0
// A rank at a hang, as its own thread, its processes and its end show it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/inspect/hang_report.hpp"
#include "launcher/inspect/rank_told.hpp"

namespace smlaunch {

struct RankView {
  Rank rank = {};   // whose agent told it
  Rank shown = {};  // as people know it: where a rank has started several ranks of torch's, torch's number
  std::string host = {};
  std::optional<RankTold> told = {};  // of the process that is in torch's groups, if one is
  int torch_rank = 0;                 // by which the groups know it
  std::string meeting = {};           // init_process_group or the like, in which it waits; empty: in none
  bool has_ended = false;
  bool was_heard = true;     // false: it has not ended, and its agent has not answered
  bool is_in_frame = false;  // `where` is a frame of a stack that was taken from outside
  bool is_silent = false;    // it runs, and what it does in its groups is not known
  std::string state = {};    // "sleeping", "stopped", "ended", "not heard of"
  std::string where = {};    // "load (train.py:12)", "stopped by a signal", "had exited with code 0 …"
  std::vector<std::vector<std::string>> stacks = {};
};

// One for each rank; of a rank that has itself started ranks of torch's (multiprocessing.spawn), one for each of those.
std::vector<RankView> view_ranks(const std::vector<RankLook>& looks);

// "it is in load (train.py:12)", "it is stopped by a signal", "it had exited with code 0 2.0 s after the start". `who`:
// "it", "rank 3".
std::string describe_whereabouts(const RankView& view, const std::string& who);

// "rank 5 (gn02)", "ranks 5, 6 (gn02)", "ranks 1, 9": indices of the views, at least one. Names eight at most.
std::string name_views(const std::vector<RankView>& views, const std::vector<std::size_t>& named);

}  // namespace smlaunch
