// SPDX-License-Identifier: Apache-2.0
// Decides what a running job needs; never does it. The runner reports each event and performs the answer. So
// every policy here is tested without a process, a clock or a socket.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "launcher/leader/all_ranks.hpp"
#include "launcher/outcome/job_record.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

// Events: what has happened.
struct AgentJoined {
  Rank rank;
};
// Its agent could not reach us. It runs its rank all the same, and only mpirun's end tells about it.
struct RankDetached {
  Rank rank;
};
struct RankStarted {
  Rank rank;
  int pid = 0;
};
struct RankNotStarted {
  Rank rank;
  std::string reason;
};
struct RankEnded {
  Rank rank = {};
  RankEnd end = {};
  EndTimes times = {};
};
// Its connection is gone, and the agent did not come back. `seconds`: when the agent was heard last.
struct AgentLost {
  Rank rank = {};
  RankLoss loss = {};
  double seconds = 0;
};
struct AgentLeft {
  Rank rank;
};  // released, and gone
// The smlaunch on a host, or the host itself, was lost.
struct WorkerLost {
  WorkerLoss loss;
};
// mpirun, or all agents that we started, ended.
struct EngineEnded {
  EngineFailure failure = {};  // what this end means if it comes too early
  std::vector<std::string> last_lines = {};
  double seconds = 0;
  std::optional<ExitStatus> status = {};  // nothing: not known
};
// The ranks have not started, and mpirun has not heard of the daemons on these hosts.
struct DaemonsMissing {
  std::vector<std::string> hosts;
};
struct StopRequested {
  int signal = 0;
};
// A signal that does not end a rank.
struct SignalPassed {
  int signal = 0;
};
// Processes that a rank had left running, and that are ended now.
struct RankLeftRunning {
  Rank rank;
  std::vector<LeftProcess> processes;
};
// A starter has started a rank, or such a rank has ended.
struct StarterRankTold {
  Rank starter = {};
  Rank rank = {};
  StartedRank now = {};
  bool is_final = false;  // it has ended, and its starter will not start it again
};
// No rank has made progress for so long.
struct Silent {
  JobSilence silence;
};
struct RankProgressed {
  Rank rank = {};  // whose agent told it
  // The same rank. Under torchrun and xla, the rank that has told it, if it has said which it is.
  std::optional<Rank> told_by = {};
  std::string host = {};
  double seconds = 0;
  Progress progress = {};
};
// What has happened to devices of a host.
struct DevicesReported {
  std::vector<DeviceFact> facts;
};
struct RankInspected {
  Rank rank;
  RankState state;
  std::optional<double> cores_used;  // how many cores the rank has kept busy of late
};
enum class Timer { start_deadline, grace, give_up, engine_exit, look, inspection, starter_end };
struct TimerExpired {
  Timer timer;
};
using Event =
    std::variant<AgentJoined, RankDetached, RankStarted, RankNotStarted, RankEnded, AgentLost, AgentLeft,
                 WorkerLost, EngineEnded, DaemonsMissing, StopRequested, SignalPassed, RankLeftRunning,
                 StarterRankTold, Silent, RankProgressed, DevicesReported, RankInspected, TimerExpired>;

// Actions: what to do about it.
struct StartRanks {
  bool operator==(const StartRanks&) const = default;
};
struct SignalRanks {
  int signal = 0;
  bool operator==(const SignalRanks&) const = default;
};  // all that run
struct PassSignalOn {
  int signal = 0;
  bool operator==(const PassSignalOn&) const = default;
};  // to all that run
// Ask the agents of all running ranks what these are doing. `only_look`: the ranks go on and are asked nothing.
struct InspectRanks {
  bool only_look = false;
  bool operator==(const InspectRanks&) const = default;
};
// Say what the ranks of a silent job, which goes on, are doing.
struct TellLooks {
  bool operator==(const TellLooks&) const = default;
};
// Processes that ranks have left running may go on for so long, and then have the rest of the grace.
struct ReleaseAgents {
  std::chrono::milliseconds leftover_grace{0};
  bool ends_daemons = false;  // the daemons that have started them do not end by themselves soon
  bool operator==(const ReleaseAgents&) const = default;
};
struct EndEngine {
  int signal = 0;
  bool operator==(const EndEngine&) const = default;
};
struct SetTimer {
  Timer timer;
  std::chrono::milliseconds length;
  bool after_leftovers = false;  // counts from the end of the leftovers' time, not from now
  bool operator==(const SetTimer&) const = default;
};
struct Finish {
  bool operator==(const Finish&) const = default;
};
using Action = std::variant<StartRanks, SignalRanks, PassSignalOn, InspectRanks, TellLooks, ReleaseAgents,
                            EndEngine, SetTimer, Finish>;

struct SupervisorSettings {
  int world_size = 1;                         // agents: one beside each rank, or beside each host's starter
  Indexed<Rank, RanksOfStarter> shares = {};  // JobRecord::shares
  std::string leader_host = {};
  std::string engine = "mpirun";
  std::chrono::milliseconds failure_grace{5000};
  std::chrono::milliseconds stop_grace{110000};
  std::chrono::milliseconds start_deadline{120000};
  std::chrono::milliseconds leftover_grace{0};
  // Seconds; nothing: silence is no reason to stop. start_timeout counts until the first progress; without it,
  // hang_timeout counts from the start.
  std::optional<double> hang_timeout;
  std::optional<double> start_timeout;
  double hint_after = 600;  // seconds of a silence until it is said what the ranks are doing
};

class Supervisor {
 public:
  explicit Supervisor(const SupervisorSettings& settings);
  // The first actions, before any event.
  std::vector<Action> begin();
  std::vector<Action> on(const Event& event);
  [[nodiscard]] const JobRecord& record() const { return record_; }

 private:
  enum class Phase { joining, running, stopping, releasing, finished };
  using Actions = std::vector<Action>;

  void joined(Rank rank, Actions& actions);
  void ended(const RankEnded& event, Actions& actions);
  void starter_rank_told(const StarterRankTold& event, Actions& actions);
  void stop_starters(Actions& actions);
  void engine_ended(const EngineEnded& event, Actions& actions);
  void stop_requested(const StopRequested& event, Actions& actions);
  void silent(const JobSilence& silence, Actions& actions);
  void begin_look(Actions& actions);
  void end_look(Actions& actions);
  void begin_inspection(Actions& actions);
  void progressed(const RankProgressed& event);
  [[nodiscard]] std::optional<double> bound_of(const JobSilence& silence) const;
  void inspected(const RankInspected& event);
  void expired(const TimerExpired& event, Actions& actions);
  void stop(int signal, std::chrono::milliseconds grace, Actions& actions);
  void release(Actions& actions);
  void release_for_detached(Actions& actions);
  void end_detached(const EngineEnded& event);
  [[nodiscard]] bool ranks_run() const { return phase_ == Phase::running || phase_ == Phase::stopping; }
  [[nodiscard]] bool all_done();
  [[nodiscard]] bool any_detached() const;
  void end_engine(Actions& actions);
  [[nodiscard]] bool failed() const;
  [[nodiscard]] bool ends_by_itself() const;
  [[nodiscard]] bool waits_for_words() const;
  void settle(Actions& actions);  // goes on to the next phase where this phase has nothing left to wait for

  SupervisorSettings settings_;
  JobRecord record_;
  Phase phase_ = Phase::joining;
  AllRanks joined_;
  AllRanks done_;
  AllRanks done_or_detached_;
  AllRanks looked_at_;
  AllRanks left_;
  bool engine_ended_ = false;
  bool all_left_ = false;
  bool released_early_ = false;
  int engine_signals_ = 0;
  bool looking_ = false;      // at ranks that go on
  bool inspecting_ = false;   // ranks that are going to be stopped
  bool looks_again_ = false;  // since some have not answered
  JobSilence silence_;        // as it was last
  double next_look_ = 0;      // seconds of this silence until ranks that computed are looked at again
  bool hinted_ = false;       // in this silence
  int unseen_lives_ = 0;  // in this silence: how often only ranks that could not be seen were taken for life
  // The first rank of a starter's that has failed: its starter has a while to end.
  std::optional<FailedOfStarter> failed_of_starter_;
};

}  // namespace smlaunch
