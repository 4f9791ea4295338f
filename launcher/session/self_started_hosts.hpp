// SPDX-License-Identifier: Apache-2.0
// Hosts that start themselves, as the first of them sees them: they come to its channel, or they do not.
#pragma once

#include <functional>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/remote/host_waits.hpp"

namespace smlaunch {

// How far each of the others is, by node rank. `own_host`: is none of them. `seconds`: since the wait began.
std::vector<HostReadiness> judge_nodes(const std::vector<WorkerCode>& nodes, const std::string& own_host,
                                       double seconds);

// Waits until all have come and their code is there, with a live line on stderr, for --ready-timeout. No outcome:
// so it is.
void wait_for_nodes(HostWaits& waits, const Options& options, const Job& job, const FindWorkerCode& code,
                    EventLog& events, std::function<void(ReadyResult)> done);

// There will be no job: waits for those that have not come yet to learn it, for half a minute, or for seconds.
void wait_to_tell_nodes(HostWaits& waits, const Job& job, const FindWorkerCode& code, bool is_hurried,
                        std::function<void()> done);

}  // namespace smlaunch
