// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/job_record.hpp"
#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// The outcome of a job, as a pure function of its record. `starter`: "torchrun" or "xla" where the processes
// of the record are starters (plan/starter.hpp); empty where they are the ranks themselves. The sentences
// name a starter by this word, or by its rank that failed first, if torchrun says which rank that was.
Outcome decide_outcome(const JobRecord& record, const RankHosts& hosts, const std::string& starter = "");

}  // namespace smlaunch
