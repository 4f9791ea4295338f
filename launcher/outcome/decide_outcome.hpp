// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "launcher/outcome/job_record.hpp"
#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// What a job came to, as a pure function of its record. `starter`: "torchrun" or
// "xla" where the processes of the record are starters (plan/starter.hpp), which are told by that name, and
// where torchrun says so, by the rank of theirs that failed; empty where they are the ranks themselves.
Outcome decide_outcome(const JobRecord& record, const RankHosts& hosts, const std::string& starter = "");

}  // namespace smlaunch
