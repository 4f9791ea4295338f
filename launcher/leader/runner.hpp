// SPDX-License-Identifier: Apache-2.0
// The room launcher/leader: performing a plan. The supervisor and the smoke test's conductor decide, the
// runner acts. The room promises that every rank's end is known or said to be unknown, and that stopping has
// a bound. It touches the channel, the engine's processes, stop signals, and the clock; what is
// shown, and asked meanwhile, by the rooms output and status.
#pragma once

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/leader/run_settings.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/smoke/smoke_report.hpp"

namespace smlaunch {

class AsioLoop;

struct RunResult {
  Outcome outcome;
  Indexed<Rank, RankRecord> ranks;
  Indexed<Rank, RanksOfStarter> shares;  // JobRecord::shares
  std::vector<Phase> phases;
  std::optional<SmokeReport> smoke;
  std::string job;                                                  // the marker that its processes carry
  std::optional<std::chrono::steady_clock::time_point> stop_asked;  // when the job was first told to stop
  // Hosts with a lost agent, and without a worker of ours that could end the processes there.
  std::vector<std::string> unattended_hosts;
  // Hosts where an agent of the job's, or a worker, has come: they take away what was left there for them.
  std::set<std::string> attended_hosts;
};

// How many files we must be able to open: for ourselves, for the connections of agents and of other hosts' smlaunches,
// and for the pipes of our own ranks.
std::size_t count_files(const LaunchPlan& plan, const RunSettings& settings);

// Errors (Fault::start): the kernel does not let us open so many.
Result<void> check_open_files(const LaunchPlan& plan, const RunSettings& settings);

// Errors (Fault::start): nothing was started. Otherwise returns when no process of the job is left that can
// be reached from here. The stop signals are blocked on return: those that come while nobody waits
// for them stay pending. `loop`: the one of the whole run; settings.make_ready works on it, too.
Result<RunResult> run_plan(const LaunchPlan& plan, const RunSettings& settings, EventLog& events,
                           AsioLoop& loop);

}  // namespace smlaunch
