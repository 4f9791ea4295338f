// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "launcher/outcome/outcome.hpp"

namespace smlaunch {

// Of a record with a hang: what the ranks were doing, and the ranks that the others waited for. `starter`: as in
// decide_outcome().
Outcome make_hang(const JobRecord& record, const RankHosts& hosts, const std::string& starter);

}  // namespace smlaunch
