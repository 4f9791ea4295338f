// SPDX-License-Identifier: Apache-2.0
// What a try waits for. Where its hosts are reached by logins: the hosts are there, then their code is there, then they
// are fit.
#pragma once

#include <functional>
#include <string>

#include "launcher/job/job.hpp"
#include "launcher/leader/run_settings.hpp"
#include "launcher/options/options.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/remote/host_waits.hpp"
#include "launcher/worker/host_check.hpp"

namespace smlaunch {

struct AwaitedHosts {
  RemoteRequest request = {};  // with the hand-over, where workers may wait or mpirun starts the agents
  std::string farewell = {};   // farewell_command()
  HostCheck check = {};
  std::string first_other_host = {};
};

// The references outlive it. `job`: spare hosts that are of no use are taken out, and the hosts tell their domains.
void await_hosts(HostWaits& waits, const Options& options, Job& job, const LaunchPlan& plan,
                 AwaitedHosts awaited, FindWorkerCode find_code, EventLog& events,
                 std::function<void(ReadyResult)> done);

// Where nobody is reached by a login: the hosts' names are known, where the job waits for them, and then the checks.
void await_names(HostWaits& waits, const Options& options, const Job& job, const HostCheck& check,
                 EventLog& events, std::function<void(ReadyResult)> done);

}  // namespace smlaunch
