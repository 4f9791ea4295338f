// SPDX-License-Identifier: Apache-2.0
// What a rank has told of its progress, on a run's page: a curve for each of its values.
#pragma once

#include <string>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

// Empty where no rank has told any. Of each value, the curve is that of the lowest rank that has told it.
std::string render_progress_html(const RunRecord& record);

}  // namespace smlaunch
