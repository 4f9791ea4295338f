// SPDX-License-Identifier: Apache-2.0
// The room launcher/worker: what runs on a host that does not lead. It promises to lend its environment to
// the agents of its host, and that nothing of the job is left here when the leader is lost. It touches the
// worker's socket, the channel, sshd where none runs, and its host's code.
//
// What runs on a host that does not lead: it waits for the leader, lends its environment to the ranks' agents
// of its host, prepares the user's code meanwhile, and ends with the job's outcome.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/code/code_messages.hpp"

namespace smlaunch {

struct WorkerSettings {
  std::vector<std::string> hosts;  // of the job, as every host names them
  std::string current_host;
  int ssh_port = 22;
  std::chrono::milliseconds leader_bound{std::chrono::hours(1)};  // until the leader must have come
  std::chrono::milliseconds lost_after{10000};
  std::chrono::milliseconds leader_wait{600000};
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

}  // namespace smlaunch
