// SPDX-License-Identifier: Apache-2.0
// Looks, as long as the ranks have not started, for hosts that do not answer any more, and for daemons of mpirun that
// have not connected to it. mpirun and srun say neither, and wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "launcher/leader/daemon_wait.hpp"
#include "launcher/leader/job_engine.hpp"
#include "launcher/leader/run_settings.hpp"
#include "launcher/leader/supervisor.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/process/event_loop.hpp"

namespace smlaunch {

// Every agent must be there after this time.
std::chrono::milliseconds start_deadline(const LaunchPlan& plan);

class StartWatch {
 public:
  struct Callbacks {
    std::function<bool()> is_starting;  // the ranks have not started
    std::function<bool()> ends;         // the job has been told to end, or has lost a host
    std::function<bool()> any_agent_came;
    std::function<void(const Event&)> happened;
  };

  // The references outlive this object.
  StartWatch(const LaunchPlan& plan, const RunSettings& settings, EventLoop& loop, const JobEngine& engine,
             Callbacks callbacks);

  void begin();
  // To be called every second. `is_asking`: somebody has asked for the lost hosts, and has no answer yet.
  void look_around(bool is_asking);
  void note_peers();                                        // mpirun may end soon
  void tell_missing_daemons();                              // DaemonsMissing, where daemons are waited for
  void tell_lost_hosts(const std::vector<LostHost>& lost);  // WorkerLost for each
  [[nodiscard]] bool may_look() const;

 private:
  [[nodiscard]] bool waits_for_daemons() const;
  void look_for_lost_hosts();
  void look_for_daemons();

  const LaunchPlan& plan_;
  const RunSettings& settings_;
  EventLoop& loop_;
  const JobEngine& engine_;
  Callbacks callbacks_;
  std::set<std::string> peers_;      // whom mpirun has heard of
  std::uint64_t next_peers_ns_ = 0;  // when they are asked for again
  DaemonWait daemon_wait_;
  std::uint64_t next_look_ns_ = 0;
};

}  // namespace smlaunch
