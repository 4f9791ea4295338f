// SPDX-License-Identifier: Apache-2.0
// What torchrun says about the ranks that it stands for. Pure.
#pragma once

#include <optional>
#include <vector>

#include "launcher/evidence/rank_end.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

struct StarterFailure {
  Rank rank = {};  // the rank that failed first
  ExitStatus status = {};
  // The rank that torchrun names instead, and that had only lost its peer.
  std::optional<Rank> named_instead = {};
  bool has_own_lines = false;     // the starter's last lines are that rank's
  std::vector<Rank> exited = {};  // ascending: without lines of their own, an exception is one of theirs
  std::vector<Rank> may_be_first = {};  // others that failed by themselves: nobody knows which was first
};

// Nothing: torchrun's last lines have no summary of a failure.
std::optional<StarterFailure> find_starter_failure(const RankEnd& torchrun);

}  // namespace smlaunch
