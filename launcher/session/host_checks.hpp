// SPDX-License-Identifier: Apache-2.0
// Before a try: what must hold on every host of the job.
#pragma once

#include <functional>
#include <optional>

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/remote/host_waits.hpp"
#include "launcher/worker/host_check.hpp"

namespace smlaunch {

// What is checked. The memory of GPUs only before another try: whoever has it then had it from us.
HostCheck make_host_check(const Options& options, const Job& job, bool is_another_try);

// Checks all hosts at once, this one without a login. Nothing: they are fit, or nothing is to be checked. Else the job
// is not ready, with the reason of the first host and all of them at fault; or it was told to stop meanwhile.
void check_hosts(HostWaits& waits, const Options& options, const Job& job, const HostCheck& check,
                 EventLog& events, std::function<void(std::optional<Outcome>)> done);

}  // namespace smlaunch
