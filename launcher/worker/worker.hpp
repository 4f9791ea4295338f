// SPDX-License-Identifier: Apache-2.0
// The room launcher/worker: smlaunch on a host that does not lead. It promises to lend its environment to
// the agents of its host, and that nothing of the job is left here when the leader is lost. It touches the
// worker's socket, the channel, sshd where none runs, and its host's code; for a login also srun, and what --host-check,
// --check-path and --gpu-memory-wait name.
//
// A worker waits for the leader, lends its environment to the ranks' agents of its host, prepares the user's
// code meanwhile, and ends with the job's outcome.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/token.hpp"
#include "launcher/code/code_messages.hpp"
#include "launcher/status/status_board.hpp"

namespace smlaunch {

// Where the leader is, of a job whose hosts start themselves.
struct LeaderPlace {
  std::string host;  // a name or an address
  int port = 0;
  std::string token;
  std::function<std::optional<ChannelKey>()> make_key = {};  // by which it knows us, instead of the token
  int node_rank = 0;                                         // ours
  int nodes = 0;                                             // of the job
  // The network interface by which we reach it; empty: not known. Asked when it is there.
  std::function<std::string()> find_interface = {};
};

struct WorkerSettings {
  std::vector<std::string> hosts;  // of the job, as every host names them
  std::string current_host;
  std::string own_name;  // this machine's for itself
  int ssh_port = 22;
  // We go to the leader, and start our host's agents. Nothing: it comes to us, by SSH.
  std::optional<LeaderPlace> leader;
  std::chrono::milliseconds leader_bound{std::chrono::hours(1)};  // the leader must come within this time
  std::chrono::milliseconds lost_after{10000};
  std::chrono::milliseconds leader_wait{600000};
  std::chrono::milliseconds stop_grace{110000};
  std::chrono::milliseconds failure_grace{5000};  // of the ranks here, when the leader is lost
  std::function<void()> leader_came;              // of each try
  std::function<void()> tried_again;              // the job has failed, and the leader will come again
  std::optional<CodeRequest> code;                // how to prepare the user's code here
  std::function<void(const CodeEnd&)> code_failed;
  StatusBoard* board = nullptr;  // where others see what the job is doing; null: nobody looks
};

struct WorkerResult {
  bool leader_came = true;
  bool token_refused = false;  // by the leader
  // Why the leader has turned us away, though it knows our token; nothing: it has not.
  std::optional<std::string> refusal;
  bool leader_lost = false;   // it had come, and was silent for lost_after
  int stopped_by_signal = 0;  // a signal came, and the leader never did, or gave no outcome in time
  JobEnd end;                 // where none of these holds
  std::optional<std::chrono::steady_clock::time_point> stop_asked;  // by a signal to this process
  std::optional<CodeEnd> code_failure;
};

// Errors (Fault::start): no socket, no sshd. Leaves nothing of the job on this host when the leader was lost.
Result<WorkerResult> run_worker(const WorkerSettings& settings);

}  // namespace smlaunch
