// SPDX-License-Identifier: Apache-2.0
// Performs the job itself: starts the engine, tells the supervisor what happens, and does what it answers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/leader/asked_looks.hpp"
#include "launcher/leader/daemon_wait.hpp"
#include "launcher/leader/leader_world.hpp"
#include "launcher/leader/rank_reports.hpp"
#include "launcher/leader/rank_starts.hpp"
#include "launcher/leader/run_settings.hpp"
#include "launcher/leader/start_engine.hpp"
#include "launcher/leader/supervisor.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/status/job_status.hpp"

namespace smlaunch {

class JobRun {
 public:
  struct Callbacks {
    std::function<std::string(NodeRank node_rank)> late_hand_over;  // Start::hand_over of a host's first rank
    std::function<void(Outcome)> finished;                          // no process of the job runs any more
  };

  // The references outlive this object. It gets the messages of the peers below the plan's world size.
  JobRun(const LaunchPlan& plan, const RunSettings& settings, const LeaderWorld& world, EventLog& events,
         JobPhases& phases, AgentFacts agents, Callbacks callbacks);

  // Errors (Fault::start): nothing was started.
  Result<void> begin();

  void joined(Rank rank, const Hello& hello) { handle(reports_.joined(rank, hello)); }
  void data(Rank rank, const Frame& frame);
  void pong(Rank rank, const Pong& pong) { reports_.pong(rank, pong); }
  void lost(Rank rank, std::uint64_t heard_ns, const RankLoss& loss);
  void left(Rank rank);
  void worker_lost(const WorkerLoss& loss) { handle(WorkerLost{loss}); }
  void request_stop(int signal);
  void pass_on(int signal);  // to every rank that runs
  void look_around();        // to be called every second
  // For a while we could hear nobody: peers that are silent, or have not come yet, have all their time again.
  void forget_silence();

  // Looks at the ranks that run, which go on; `done` is called within some seconds.
  void look_now(std::function<void(std::vector<RankLook>)> done);
  // What is known of the ranks now.
  void add_status(JobStatus& status, bool with_ranks);

  [[nodiscard]] const JobRecord& record() const { return supervisor_.record(); }
  [[nodiscard]] bool has_spawned() const { return has_spawned_; }
  [[nodiscard]] const JobEngine& engine() const { return *engine_; }

 private:
  void handle(const Event& event);
  void perform(const std::vector<Action>& actions);
  void start_ranks();
  void signal_ranks(int signal);
  void inspect_ranks(bool only_look);
  void tell_hang();
  void tell_looks();
  [[nodiscard]] static std::string describe_ranks(const std::vector<RankLook>& looks);
  [[nodiscard]] std::string starter() const;  // torchrun or xla; empty: the ranks are started one by one
  [[nodiscard]] std::vector<Rank> ranks_that_run() const;
  void pass_signal_on(int signal);
  void release(const ReleaseAgents& how);
  void set_timer(const SetTimer& wanted);
  void finish();
  void engine_line(std::string_view line);
  void engine_process_ended(Rank rank, const Result<ExitStatus>& end, bool all_ended);
  void look_for_lost_hosts();
  [[nodiscard]] bool may_look() const;
  void take_lost_hosts(const std::vector<LostHost>& lost);
  void mpirun_ended(const Result<ExitStatus>& end, double seconds);
  [[nodiscard]] bool awaits_daemons() const;
  void note_peers();
  void tell_missing_daemons();
  void look_for_daemons();

  const LaunchPlan& plan_;
  const RunSettings& settings_;
  const LeaderWorld& world_;
  JobPhases& phases_;
  AgentFacts agents_;
  Callbacks callbacks_;
  Supervisor supervisor_;
  RankReports reports_;
  AskedLooks asked_looks_;
  RankStarts starts_;
  std::unique_ptr<JobEngine> engine_;
  std::map<Timer, std::unique_ptr<LoopTimer>> timers_;
  bool has_spawned_ = false;
  std::set<std::string> engine_peers_;  // whom mpirun has heard of until the ranks have started
  std::uint64_t next_peers_ns_ = 0;     // when they are asked for again
  DaemonWait daemon_wait_;
  bool is_hang_untold_ = false;  // the ranks are being asked what they are doing
  std::uint64_t next_look_ns_ = 0;
  bool is_held_ = false;            // mpirun has ended, and the hosts are looked for
  std::vector<Event> held_;         // what has happened since
  std::uint64_t grace_end_ns_ = 0;  // of the ranks that are being stopped; 0: no rank is
  std::chrono::milliseconds leftover_time_{0};
};

}  // namespace smlaunch
