// SPDX-License-Identifier: Apache-2.0
// The user's code on the other hosts of a job: each prepares its own, the leader waits for all. Where a
// smlaunch waits on a host, that one does it and tells; elsewhere the leader's login does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

// The first of the hosts that run ranks whose code could not be prepared; nothing: there is none so far.
std::optional<Outcome> find_failed_code(const Job& job, const std::vector<WorkerCode>& code);

// The logins that prepare the code, told as the waiting for it: a login that is under way is the code's; one
// that fails says why itself.
RemoteReport as_code_wait(RemoteReport report);

// Spare hosts whose code could not be prepared so far are said, and taken out of `spares`.
void drop_spares_without_code(std::vector<std::string>& spares, const std::vector<WorkerCode>& code);

// Waits until the code of all other hosts that run ranks is there and installed, with a live line on stderr,
// for what is left of --ready-timeout. Nothing: so it is, or a worker was lost (which is the runner's to
// say). Otherwise why not; it stops at once where one has failed. `request`: how the hosts were reached.
// `ready`: what they answered then.
std::optional<Outcome> wait_for_code(const Options& options, const Job& job, RemoteRequest request,
                                     const RemoteReport& ready, const Workers& workers, EventLog& events);

}  // namespace smlaunch
