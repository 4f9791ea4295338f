// SPDX-License-Identifier: Apache-2.0
// The tests of every two hosts, on a run's page: a heat map; of very many hosts the pairs that failed.
#pragma once

#include <string>
#include <vector>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

// Empty without pairs. Hosts stand in the order in which they are named first.
std::string render_pairs_html(const std::vector<RecordedPair>& pairs);

}  // namespace smlaunch
