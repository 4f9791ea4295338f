// SPDX-License-Identifier: Apache-2.0
// Which entry of a job's record tells of a rank. Where a starter (torchrun) says which ranks are its own, an entry stands
// for all ranks of a host: its number is that of the host among the hosts, and is no rank's. Pure.
#pragma once

#include <optional>
#include <vector>

#include "launcher/outcome/job_record.hpp"

namespace smlaunch {

// The rank's own entry, or that of its starter. Nothing: the job has no such rank.
std::optional<Rank> find_entry(const JobRecord& record, Rank rank);

// The entry itself, where it stands for no other ranks.
std::vector<Rank> ranks_of_entry(const JobRecord& record, Rank entry);
Rank first_rank_of_entry(const JobRecord& record, Rank entry);

// What is known of a starter's rank. Null: the rank has an entry of its own, or has not said who it is.
const StartedRank* find_started(const JobRecord& record, Rank rank);

}  // namespace smlaunch
