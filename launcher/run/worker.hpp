// SPDX-License-Identifier: Apache-2.0
// What runs on a host that does not lead: it waits for the leader, lends its environment to the ranks' agents
// of its host, prepares the user's code meanwhile, and ends with the job's outcome.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/run/code_messages.hpp"
#include "launcher/run/messages.hpp"
#include "topology/error.hpp"

namespace smlaunch {

struct WorkerSettings {
  std::vector<std::string> hosts;  // of the job, as every host names them
  std::string current_host;
  int ssh_port = 22;
  std::chrono::milliseconds leader_bound{std::chrono::hours(1)};  // until the leader must have come
  std::chrono::milliseconds lost_after{10000};
  std::chrono::milliseconds stop_grace{110000};
  std::chrono::milliseconds failure_grace{5000};  // of the ranks here, when the leader is lost
  std::function<void()> tried_again;              // the job has failed, and the leader will come again
  std::optional<CodeRequest> code;                // what there is to do here before ranks can run
  std::function<void(const CodeEnd&)> code_failed;
};

struct WorkerResult {
  bool leader_came = true;
  bool leader_lost = false;   // it was there, and has been silent for lost_after
  int stopped_by_signal = 0;  // and the leader never came, or gave no outcome in time
  JobEnd end;                 // otherwise
  std::optional<std::chrono::steady_clock::time_point> stop_asked;  // by a signal to this process
  std::optional<CodeEnd> code_failure;
};

// Errors (Fault::start): no socket, no sshd. Leaves nothing of the job on this host when the leader was lost.
Result<WorkerResult> run_worker(const WorkerSettings& settings);

inline constexpr const char* no_daemon_answer = "no daemon";
inline constexpr const char* no_worker_answer = "no worker";

// How its line about an interface that cannot carry the job begins: "interface: 0|is down|eth1, eth2": which
// of those it was asked about, why, and which could.
inline constexpr const char* interface_answer = "interface: ";

// `smlaunch worker [--interface PATTERN]... SOCKET SECONDS [DAEMON]`, which the leader's login runs: hands
// what comes on stdin to the worker of this host (SOCKET "-": none is looked for), and says on stdout which
// version this is, which of the interfaces (as pattern_problem() has them) cannot carry a job on several
// hosts, whether a worker waits, and whether the program
// DAEMON is there. `smlaunch worker --end-job` ends what carries the marker that comes on stdin. Returns the
// exit code.
int run_hand_over(const std::vector<std::string>& arguments);

}  // namespace smlaunch
