// SPDX-License-Identifier: Apache-2.0
// The room launcher/leader: performs a plan: the supervisor and the smoke test's conductor decide, the runner
// acts. It promises that every rank's end is known or said to be unknown, and that stopping has a bound. It
// touches the channel, the engine's processes, and the clock.
//
// Performs a plan: starts the engine, carries out what the supervisor decides, passes lines on.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "launcher/leader/run_settings.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

struct RunResult {
  Outcome outcome;
  Indexed<Rank, RankRecord> ranks;
  std::vector<Phase> phases;
  std::optional<SmokeReport> smoke;
  std::string job;  // the marker that its processes carry
  std::optional<std::chrono::steady_clock::time_point>
      stop_asked;  // the job was told to stop, for the first time
  // Hosts with an agent that was lost, where no worker of ours was left to end what that leaves.
  std::vector<std::string> unattended_hosts;
};

// Errors (Fault::start): nothing was started. Otherwise returns when nothing of the job is left that can be
// reached from here. SIGINT, SIGTERM and SIGHUP that come while nobody waits for them stay pending: they are
// blocked on return.
Result<RunResult> run_plan(const LaunchPlan& plan, const RunSettings& settings, EventLog& events);

}  // namespace smlaunch
