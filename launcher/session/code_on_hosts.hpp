// SPDX-License-Identifier: Apache-2.0
// The user's code on the other hosts of a job: each host prepares its own, and the leader waits for all.
// Where a smlaunch waits on a host, it prepares the code and tells the result; elsewhere the leader's login
// does both.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/remote/host_waits.hpp"

namespace smlaunch {

// The failure of the first host that runs ranks and whose code could not be prepared; nothing: there is none
// so far.
std::optional<Outcome> find_failed_code(const Job& job, const std::vector<WorkerCode>& code);

// Turns a report of the logins that prepare the code into a report of the waiting for the code: a login that
// is under way means that the code is being prepared; a login that fails says why itself.
RemoteReport as_code_wait(RemoteReport report);

// Warns of spare hosts whose code could not be prepared so far, and takes them out of `spares`.
void drop_spares_without_code(std::vector<std::string>& spares, const std::vector<WorkerCode>& code);

// Waits until the code of all other hosts that run ranks is there and installed, with a live line on stderr,
// for the rest of --ready-timeout. Stops at once where a host has failed. Nothing: the code is there, or a
// worker was lost (the runner will say so). `request`: the request by which the hosts were reached. `ready`:
// its report. `find_code`: what workers have said.
void wait_for_code(HostWaits& waits, const Options& options, const Job& job, RemoteRequest request,
                   const RemoteReport& ready, FindWorkerCode find_code, EventLog& events,
                   std::function<void(std::optional<Outcome>)> done);

}  // namespace smlaunch
