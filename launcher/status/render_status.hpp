// SPDX-License-Identifier: Apache-2.0
// A job's status in words. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "launcher/status/job_status.hpp"

namespace smlaunch {

// For the bottom of a terminal: "2 hosts | 16 ranks run | step=120 loss=2.1 | 0:12:31 | silent for 40 s". Of a line
// that is longer than `width`, what matters least is left out first.
std::string render_live_line(const JobStatus& status, std::size_t width);

// The answer of `smlaunch status` for one job: some lines, then its ranks. A large job shows how many ranks are in
// which state, and those few that are in another state than most.
std::string render_status(const JobStatus& status);

// And for several: a line of a table, whose head is render_status_head().
std::string render_status_row(const JobStatus& status);
std::string render_status_head();

// `smlaunch.status/1`, one object. Without its ranks where they were not asked for.
std::string render_status_json(const JobStatus& status);

}  // namespace smlaunch
