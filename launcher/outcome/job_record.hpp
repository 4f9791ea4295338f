// SPDX-License-Identifier: Apache-2.0
// All that is known about a running or ended job: the supervisor writes it, the outcome is a function of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/devices/device_event.hpp"
#include "launcher/evidence/rank_end.hpp"
#include "launcher/inspect/rank_state.hpp"
#include "launcher/outcome/losses.hpp"
#include "launcher/process/left_process.hpp"
#include "launcher/progress/progress.hpp"
#include "topology/layout.hpp"

namespace smlaunch {

// Two ends on one clock that are nearer than this may have been noticed in either order: the kernel wakes an
// agent when it has a processor for it.
inline constexpr double wake_up_uncertainty = 0.02;

// When a rank ended, or when a lost rank was heard last: in seconds since the start of the run, on the
// leader's clock.
struct EndTimes {
  double seconds = 0;
  double uncertainty = 0;                        // in seconds, either way
  std::optional<double> traceback_seconds = {};  // when its last Python traceback began to come
};

// How long the job has made no progress.
struct JobSilence {
  double seconds = 0;
  bool has_begun = true;      // the job had made some before
  bool counts_output = true;  // no rank has told any progress, and --progress was not given
};

// What ranks have told of their progress.
struct JobProgress {
  std::optional<Rank> rank = {};  // who told last; nothing: a rank of torchrun that has not said which it is
  std::string host = {};
  double seconds = 0;          // when, since the start of the run
  ProgressValues values = {};  // the last of each, of that rank
  // Of an outcome, from the last step that each rank has told: the lowest of them, and where the first failing rank was;
  // where that has told none, it is taken to be where the slowest is. Only finite numbers are steps.
  std::optional<double> step = {};
  std::optional<double> failed_step = {};
};

// What a rank has asked for by a heartbeat line.
struct RankAsked {
  Rank rank = {};  // the first of its host where a starter's rank has not said which it is
  Ask ask = Ask::stop;
  std::string host = {};
};

// What has happened to a device of a host, between two times: in seconds since the start of the run.
struct DeviceFact {
  std::string host = {};
  double since = 0;
  double seconds = 0;  // when it was known
  DeviceEvent event = {};
  std::vector<Rank> ranks = {};  // whose GPU it is, a starter's own ranks among them
};

// A rank that a starter (torchrun) has started, the last time where it was started again.
struct StartedRank {
  int pid = 0;
  bool has_ended = false;
  std::optional<ExitStatus> status = {};  // of a rank that has ended; nothing: nobody has seen it
  double seconds = 0;                     // when it began or ended
  bool told_to_stop = false;              // ranks were being stopped when its end became known
  ProgressValues progress = {};           // the last of each value that it has told
};

// The ranks that one starter starts.
struct RanksOfStarter {
  Rank first = {};
  int count = 0;

  [[nodiscard]] bool has(Rank rank) const { return rank >= first && rank.value < first.value + count; }
};

// A rank that a starter has started, and that failed.
struct FailedOfStarter {
  Rank starter = {};
  Rank rank = {};
};

// All that is known about one rank, or about the starter that stands for the ranks of its host.
struct RankRecord {
  bool joined = false;
  bool detached = false;  // no channel to its agent
  bool left = false;      // its agent was released, and is gone
  int pid = 0;
  std::optional<RankEnd> end = {};
  EndTimes times = {};
  std::optional<std::string> not_started = {};  // why it could not be started
  std::optional<RankLoss> loss = {};            // a lost rank may have ended all the same
  std::optional<RankState> state = {};          // at the time when the job was found to hang
  std::optional<double> cores_used = {};        // at the same time
  std::vector<LeftProcess> left_running = {};   // processes that outlived it, and that we ended
  // The last of each value that it has told; of a starter, those of ranks that have not said who they are.
  ProgressValues progress = {};
  std::map<Rank, StartedRank> of_starter =
      {};  // a starter's own ranks, as far as they have said who they are

  [[nodiscard]] bool done() const { return end || not_started || loss; }
  [[nodiscard]] bool told_to_stop() const { return end && end->told_to_stop; }
  [[nodiscard]] bool ended_well() const { return end && succeeded(end->status) && !loss; }
  template <class Loss>
  [[nodiscard]] bool is_lost_by() const {
    return loss && std::holds_alternative<Loss>(*loss);
  }
};

// The smlaunch on a host, or the host itself, was lost.
struct WorkerLoss {
  std::string host;
  HostLoss loss;
};

// Each rank's host.
using RankHosts = Indexed<Rank, std::string>;

struct JobRecord {
  Indexed<Rank, RankRecord> ranks;
  // Where `ranks` are starters whose ranks say who they are: which those are, by the starter. Else empty.
  Indexed<Rank, RanksOfStarter> shares = {};
  std::string leader_host = {};    // the host whose smlaunch leads
  std::string engine = "mpirun";   // what starts the agents
  bool started = false;            // all agents were there
  std::optional<int> stop_signal;  // we were told to stop
  std::optional<WorkerLoss> worker_loss;
  std::optional<EngineFailure> engine_failure;  // the engine ended before its time
  double engine_seconds = 0;                    // when
  std::vector<std::string> engine_lines;
  bool start_timed_out = false;
  std::vector<std::string> missing_daemons = {};  // hosts that mpirun has not heard of by then
  std::optional<JobSilence> hang = {};            // the silence for which we stopped the job
  // For whose failure we stopped the job, since its starter went on all the same. No starter had failed before.
  std::optional<FailedOfStarter> failed_of_starter = {};
  std::optional<JobProgress> progress = {};  // nothing: no rank has told any
  std::optional<RankAsked> asked = {};       // the last wish of a rank
  std::vector<DeviceFact> devices = {};      // in the order in which they came; the first few hundred
};

}  // namespace smlaunch
