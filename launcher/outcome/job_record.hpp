// SPDX-License-Identifier: Apache-2.0
// All that is known about a running or ended job: the supervisor writes it, the outcome is a function of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/inspect/rank_state.hpp"
#include "launcher/process/exit_status.hpp"

namespace smlaunch {

// What became of one rank.
struct RankRecord {
  bool joined = false;
  bool detached = false;  // no channel to its agent
  int pid = 0;
  std::optional<ExitStatus> status;
  double seconds = 0;
  double uncertainty = 0;
  bool told_to_stop = false;
  bool left = false;
  std::string not_started;       // why
  std::string lost;              // why; `seconds` is then when it was heard last
  bool ended_by_others = false;  // lost only in that somebody, or mpirun, told its agent to end
  bool outlived_kill = false;    // lost only in that its end was not reported after our SIGKILL
  std::vector<std::string> last_lines;
  long oom_kills = 0;              // of processes in its container, just before it ended
  long earlier_oom_kills = 0;      // before that, while it ran
  std::optional<int> failed_rank;  // of a torchrun: whose lines last_lines are
  std::optional<double> traceback_seconds;
  std::optional<RankState> state;    // when the job was found to hang
  std::optional<double> cores_used;  // then
  [[nodiscard]] bool done() const { return status.has_value() || !not_started.empty() || !lost.empty(); }
};

struct JobRecord {
  std::vector<RankRecord> ranks;
  bool started = false;            // all agents were there
  std::optional<int> stop_signal;  // we were told to stop
  std::string worker_loss;         // the worker of a host was lost: which and why
  std::string lost_worker;         // that host
  std::string engine_failure;      // the engine ended before its time
  double engine_seconds = 0;       // when
  std::vector<std::string> engine_lines;
  bool start_timed_out = false;
  std::optional<double> hang_seconds;  // nobody had printed anything for so long, and we stopped it
};

}  // namespace smlaunch
