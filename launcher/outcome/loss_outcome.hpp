// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// Of a record that lacks ranks, a host or the engine: who was lost first, and why. `starter`: as in decide_outcome().
Outcome make_loss(const JobRecord& record, const RankHosts& hosts, const std::string& starter);

// Of a job whose ranks have not started: what was in the way.
Outcome make_not_started(const JobRecord& record, const RankHosts& hosts);

}  // namespace smlaunch
