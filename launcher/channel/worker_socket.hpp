// SPDX-License-Identifier: Apache-2.0
// The private Unix socket of a host's waiting smlaunch: the leader's login brings it the job there, and the
// rank agents of its host take its environment, which is the container's.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// The same on every host of a job, and different for other jobs on the same host.
std::string worker_socket_name(const std::vector<std::string>& hosts);

// Listens in folders that only this user can enter. Errors (Fault::start): there are none, or another
// smlaunch waits for the same job here.
Result<std::vector<UniqueFd>> listen_as_worker(const std::string& name);
void remove_worker_socket(const std::string& name);

// One request that came in: the leader's hand-over (MessagePack, see messages.hpp), or an agent that asks for
// the environment and has been answered.
struct WorkerRequest {
  std::string hand_over;       // empty: it was an agent
  std::string session_folder;  // an agent's: where the daemon that started it keeps its files; may be empty
  UniqueFd daemon;             // an agent's: a pidfd of that daemon, if it is one of Open MPI's
};
// Serves one connection of `listener`, at most a second; nothing if it is not this user's or says
// nothing we know.
std::optional<WorkerRequest> serve_worker_request(int listener,
                                                  const std::map<std::string, std::string>& environment);

// Brings the hand-over to the worker of this host; waits for it to come up for at most `bound`. False: there
// is none.
bool hand_over_to_worker(const std::string& name, const std::string& hand_over,
                         std::chrono::milliseconds bound);

// The same in two steps: connects and sends (nothing: none waits here), then, when there is something to
// read, takes the answer. True: the worker has it.
UniqueFd begin_hand_over(const std::string& name, const std::string& hand_over);
bool finish_hand_over(int connection);

// The environment of the smlaunch that waits on this host. Nothing: none does.
// `session_folder`: WorkerRequest's.
std::optional<std::map<std::string, std::string>> ask_worker_environment(const std::string& name,
                                                                         const std::string& session_folder);

}  // namespace smlaunch
