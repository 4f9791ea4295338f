// SPDX-License-Identifier: Apache-2.0
// What is known of a job that hangs, for its page: ranks that did the same are one row. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

// Each is a part of the page with a title of its own, or empty where there is nothing to tell.
std::string render_waits_html(const RunRecord& record);
std::string render_looks_html(const std::vector<RecordedLook>& looks);

}  // namespace smlaunch
