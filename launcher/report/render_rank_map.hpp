// SPDX-License-Identifier: Apache-2.0
// A square for each rank, by hosts. Of very many hosts those whose ranks all ended alike are folded. Pure.
#pragma once

#include <string>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

// A part of the page with a title of its own; empty without ranks.
std::string render_rank_map_html(const RunRecord& record);

}  // namespace smlaunch
