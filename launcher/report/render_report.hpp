// SPDX-License-Identifier: Apache-2.0
// A run for people: on a terminal, and as one page that a browser opens from a disk. Pure.
#pragma once

#include <string>

#include "launcher/report/run_record.hpp"

namespace smlaunch {

// Lines of at most about 110 characters. Control characters of ranks' lines are shown as \xNN.
std::string render_report_text(const RunRecord& record);

// HTML with everything inside it: no script, no other file, nothing from a network. `title`: where the run was read
// from. Text of ranks, hosts and files is text, whatever characters it holds.
std::string render_report_html(const RunRecord& record, const std::string& title);

}  // namespace smlaunch
