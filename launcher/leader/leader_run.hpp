// SPDX-License-Identifier: Apache-2.0
// The leader's run: waiting for the hosts, the all-reduce test, the job, and the goodbye to the workers, one
// after the other on one loop. The phase decides who gets a message of the channel.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "launcher/leader/job_run.hpp"
#include "launcher/leader/leader_world.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/leader/smoke_phase.hpp"
#include "launcher/leader/worker_roster.hpp"
#include "launcher/status/status_board.hpp"
#include "launcher/status/status_budget.hpp"

namespace smlaunch {

// How many of the channel's peers are agents, of the job or of its all-reduce test. The workers come after
// them.
int count_rank_peers(const LaunchPlan& plan, const RunSettings& settings);

class LeaderRun {
 public:
  // What the references name, and all in `world`, outlives this object. `token`: of the channel.
  LeaderRun(const LaunchPlan& plan, RunSettings settings, EventLog& events, LeaderWorld world,
            std::string token);
  ~LeaderRun();

  // Errors (Fault::start): the channel's port cannot be opened.
  Result<void> listen();
  // Waits for the other hosts, if there are any, runs the test and the job until nothing of the job runs, and says goodbye
  // to the workers. Errors (Fault::start): nothing was started.
  Result<RunResult> run();

  // We were told to stop.
  void stop_signal(int signal);
  // A signal came that stops no job: it is for the ranks; SIGTSTP and SIGCONT (a shell's Ctrl-Z and fg) are
  // for us and them.
  void passed_signal(int signal);
  // A signal that came too late to stop anything here, else 0.
  [[nodiscard]] int late_signal() const;

  // What the job is doing now. With stacks, the ranks are looked at first, which takes some seconds at most.
  void tell_status(const StatusWish& wish, const StatusBoard::Answer& answer);

  [[nodiscard]] const std::string& job() const { return job_; }  // the marker that its processes carry
  void remove_session_folders() const;                           // those that mpirun leaves

 private:
  enum class Phase { waiting, smoking, running, goodbye };
  // What the workers are told at the end.
  struct Goodbye {
    JobEnd end;
    std::optional<JobEnd> next_try;       // nothing: there is none
    std::set<std::string> without_hosts;  // that have no part in it
  };

  [[nodiscard]] LeaderChannel::Callbacks channel_callbacks();
  void joined(Peer peer, const Hello& hello);
  void data(Peer peer, const Frame& frame);
  void pong(Peer peer, const Pong& pong);
  void lost(Peer peer, std::uint64_t heard_ns, const std::string& why);
  void refused(Peer peer, const std::string& what);
  void rank_lost(Rank rank, std::uint64_t heard_ns, const RankLoss& loss);
  void worker_lost(Peer peer, const HostLoss& loss);
  void stranger(const Stranger& stranger);
  void left(Peer peer);
  void worker_told_to_stop(Peer peer, int signal);
  void agent_told_to_stop(Rank rank, int signal);

  void begin();
  void hosts_ready(double seconds, ReadyResult ready);
  void begin_work();
  void begin_smoke();
  void smoke_finished();
  [[nodiscard]] std::optional<Outcome> interrupted_smoke() const;
  void begin_job();
  void request_stop(int signal);
  void pass_on(int signal);
  void suspend();
  void go_on();
  void tell_workers(int signal);
  [[nodiscard]] bool ranks_run() const;
  void begin_goodbye(Outcome outcome);
  // Has a login just told a host's smlaunch where we are, or does it come by itself, so that it may still come?
  [[nodiscard]] bool one_may_come() const;
  void ping();
  void notice_own_pause();
  [[nodiscard]] JobStatus status(bool with_ranks);
  void note_status(const JobStatus& status);
  void show_status();
  void tell_worker(Peer peer, const StatusWanted& wanted);

  [[nodiscard]] std::vector<WorkerCode> worker_code() const;
  // `hosts`: those with these node ranks and higher ones.
  [[nodiscard]] std::string make_hand_over(std::vector<std::string> hosts, NodeRank first) const;
  [[nodiscard]] std::string make_late_hand_over(NodeRank node_rank) const;
  [[nodiscard]] AgentFacts agent_facts() const;
  [[nodiscard]] Goodbye make_goodbye() const;
  [[nodiscard]] const JobEnd& job_end(WorkerIndex worker) const;
  [[nodiscard]] RunResult result() const;
  [[nodiscard]] std::vector<std::string> unattended_hosts() const;
  [[nodiscard]] std::set<std::string> attended_hosts() const;

  const LaunchPlan& plan_;
  RunSettings settings_;
  EventLog& events_;
  LeaderWorld world_;
  std::string token_;
  std::string job_;
  std::string own_host_;
  int port_ = 0;  // of the channel
  Phase phase_ = Phase::waiting;
  WorkerRoster workers_;
  JobPhases phases_;
  std::unique_ptr<SmokePhase> smoke_;
  std::unique_ptr<JobRun> job_run_;
  std::unique_ptr<LoopTimer> ping_timer_;
  std::unique_ptr<LoopTimer> goodbye_timer_;
  std::uint64_t begin_ns_ = 0;  // all hosts were ready
  StatusBudget told_workers_;
  std::uint64_t last_ping_ns_ = 0;
  int smoke_signal_ = 0;   // the signal that told us to stop during the test
  int worker_signal_ = 0;  // the signal that told a worker, or an agent in a step of Slurm's, to stop
  int late_signal_ = 0;
  std::set<std::tuple<std::string, TurnedAway, int>> strangers_;  // who, why, node rank: it has been said
  bool is_suspended_ = false;
  std::unique_ptr<LoopTimer> suspend_timer_;
  std::map<int, std::uint64_t> passed_on_ns_;  // by signal: the last time
  std::optional<std::chrono::steady_clock::time_point> stop_asked_;
  std::optional<Outcome> outcome_;
  Goodbye goodbye_;
  std::optional<Error> start_error_;
};

}  // namespace smlaunch
