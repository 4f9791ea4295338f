// SPDX-License-Identifier: Apache-2.0
// The words of a job that makes no progress: how long, by what it was known, and what its ranks are doing. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/inspect/hang_report.hpp"
#include "launcher/outcome/job_record.hpp"

namespace smlaunch {

// "no rank has printed anything for 60 s", "no rank has made progress for 60 s (the last: step=120 of rank 3 on a)".
std::string describe_silence(const JobSilence& silence, const std::optional<JobProgress>& progress);

// looks_at_ranks(), with what the record knows of the starter's ranks that have ended, and of all of them where the
// starter has not answered. `starter.rank`: its entry.
std::vector<RankLook> looks_at_ranks(const RankLook& starter, const JobRecord& record);

// What is known of every rank, when the job was looked at. `starter`: as in decide_outcome().
std::vector<RankLook> look_at_ranks(const JobRecord& record, const Indexed<Rank, std::string>& hosts,
                                    const std::string& starter);

// "rank 0 on a computes (0.98 cores busy, in python3.11), and so do 3 others"; empty where none does. Of a starter:
// "torchrun on a computes …".
std::string describe_life(const JobRecord& record, const Indexed<Rank, std::string>& hosts,
                          const std::string& starter);

// After describe_life(): ": taken for life, the job goes on", and the bound where the ranks are not seen to compute.
std::string describe_patience(const JobRecord& record);

}  // namespace smlaunch
