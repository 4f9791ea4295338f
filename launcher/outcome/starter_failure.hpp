// SPDX-License-Identifier: Apache-2.0
// What torchrun says about the ranks that it stands for; and where we stopped it because one of them had failed, what
// is known of that rank. Pure.
#pragma once

#include <optional>
#include <vector>

#include "launcher/evidence/rank_end.hpp"
#include "launcher/outcome/job_record.hpp"
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

// Of a record with failed_of_starter: the rank of this starter's that failed first. Nothing: none did.
std::optional<Rank> find_failed_rank(const JobRecord& record, Rank starter);

// The same record, in which each starter has the end of that rank instead of its own, which came by our stop.
JobRecord make_record_of_ranks(const JobRecord& record);

}  // namespace smlaunch
