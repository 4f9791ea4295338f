// SPDX-License-Identifier: Apache-2.0
// A job's status in words. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "launcher/channel/status_messages.hpp"
#include "launcher/status/job_status.hpp"

namespace smlaunch {

// For the bottom of a terminal: "2 hosts | 16 ranks run | step=120 loss=2.1 | 0:12:31 | silent for 40 s". If the line
// is longer than `width`, the least important parts are left out first.
std::string render_live_line(const JobStatus& status, std::size_t width);

// The answer of `smlaunch status` for one job: some lines, then its ranks. A large job shows how many ranks are in
// which state, and those few that are in another state than most.
std::string render_status(const JobStatus& status);

// And for several: a line of a table, whose head is render_status_head().
std::string render_status_row(const JobStatus& status);
std::string render_status_head();

// Any of the three.
std::string render_in_form(const JobStatus& status, StatusForm form);

// One of the `jobs` of `smlaunch.status/1`: {id, name, pid, host, folder, working_directory, version, plan_hash,
// launcher, state: code|ready|smoke|start|run|stop|end, seconds, restarts, exit_code, hosts: {all, ready}, smoke: null|
// {state, busbw_gbps}, ranks_by_state: {waiting, joined, running, ended, stopped, failed, lost}, ranks: [{rank, host,
// state, pid, exit_code, signal, progress: {..}}], progress: null|{last: {..}, rank_of_last, host, seconds_ago},
// silent_seconds, phases: [{name, seconds}]}, with --stacks also stacks: [{rank, host, place, cores_used, processes}];
// null is what is not known.
std::string render_status_json(const JobStatus& status);

}  // namespace smlaunch
