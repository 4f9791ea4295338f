// SPDX-License-Identifier: Apache-2.0
// The room launcher/remote: something on every host, by SSH logins: whether the hosts are there, and what
// they say of themselves. It promises a state, a cause and a remedy for each host within the bound. It
// touches the name server, TCP, ssh, and the folder of the connections that stay open for mpirun.
//
// Are the hosts there? All of them at once: name -> TCP -> SSH banner -> login -> smlaunch found.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

enum class ReadyStage {
  name,
  tcp,
  banner,
  login,
  smlaunch,
  code
};  // code: a run waits for it, wait_ready() never
enum class ReadyState { waiting, ready, failed };
std::string to_string(ReadyStage stage);
std::string to_string(ReadyState state);

struct HostReadiness {
  std::string name;
  ReadyState state = ReadyState::waiting;
  ReadyStage stage = ReadyStage::name;  // the stage it is in, or failed at; smlaunch when ready
  std::string cause;                    // why it is not ready, in words; empty when ready
  std::string remedy;                   // what to do about it
  double seconds = 0;                   // since the start, when it became ready or failed
  std::string answer;                   // what the login command printed on stdout, as far as it was wanted
  double since = 0;                     // since the start, when the present cause was first seen
  bool login_under_way = false;         // or waits for its turn; nothing is wrong so far
};

struct ReadyReport {
  bool ready = false;
  double seconds = 0;
  int stopped_by_signal = 0;         // a signal told us to stop waiting
  std::vector<HostReadiness> hosts;  // in the order of the request
  std::vector<HostReadiness> spare_hosts;
};

struct HostProblem {
  std::string cause;
  std::string remedy;
};

struct ReadyRequest {
  std::vector<std::string> hosts;
  // Waited for as long as the others take, and spare_wait at most after them; they need not come.
  std::vector<std::string> spare_hosts;
  std::chrono::milliseconds spare_wait{10'000};
  std::string own_host;  // ready at once: no SSH to oneself; empty: none of them
  int port = 22;
  std::chrono::milliseconds timeout{std::chrono::hours(1)};
  ReadyStage until = ReadyStage::smlaunch;
  std::vector<std::string> ssh = {"ssh"};  // argv up to the options
  // A connection that made it stays open in the background, for others to share (ssh's ControlPersist, in
  // `ssh`).
  bool keep_connections = false;
  std::string login_command;  // run by the remote shell; must print "smlaunch <version>" as its first line
  std::string login_input;    // handed to it on stdin; may hold a secret
  std::size_t longest_answer = 4096;  // how much of what it prints is wanted
  // What a host lacks that answered so, if it can never be ready; may be empty.
  std::function<std::optional<HostProblem>(const std::string& answer)> judge;
  std::string version;                               // ours: another one there can never heal
  int logins_at_once = 0;                            // 0: what is sane for this machine's cores
  std::chrono::milliseconds connect_timeout{5'000};  // for each address
  std::chrono::milliseconds banner_timeout{5'000};
  std::chrono::milliseconds login_deadline{
      20'000};  // of the first try; twice, then three times as long later
  // Called at most every 0.2 s and at each change, from the event loop.
  std::function<void(const ReadyReport&)> progress;
  // Asked every 0.2 s from the event loop; a signal's number ends the waiting as that signal would.
  std::function<int()> stop_asked;
};

// Returns when all are ready, when one can never be (permission denied, changed host key, another version,
// no smlaunch), at the time-out, or on SIGINT/SIGTERM; never later than timeout + 1 s. Leaves no ssh client
// behind.
ReadyReport wait_ready(const ReadyRequest& request);

}  // namespace smlaunch
