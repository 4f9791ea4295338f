// SPDX-License-Identifier: Apache-2.0
// Before a try: what must hold on every host of the job.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/remote/host_waits.hpp"
#include "launcher/remote/run_on_hosts.hpp"
#include "launcher/worker/host_check.hpp"

namespace smlaunch {

// What is checked. The memory of the ranks' GPUs only before another try: whoever has it then had it from us.
HostCheck make_host_check(const Options& options, const LaunchPlan& plan, bool is_another_try);

struct CheckedHost {
  std::string name;
  HostCheckResult result;
};

// What the logins have said, but of `own_host`. Where one of the hosts can never be checked, those that had not answered
// by then are not among them: nothing is wrong with them.
std::vector<CheckedHost> read_checks(const RemoteReport& report, const std::string& own_host);

// Nothing: all are fit.
std::optional<Outcome> judge_checks(const std::vector<CheckedHost>& hosts);

// Checks all hosts at once, this one in a process of its own. Nothing: they are fit, or nothing is to be checked. Else the job
// is not ready, with the reason of the first host and all of them at fault; or it was told to stop meanwhile.
void check_hosts(HostWaits& waits, const Options& options, const Job& job, const HostCheck& check,
                 EventLog& events, std::function<void(std::optional<Outcome>)> done);

}  // namespace smlaunch
