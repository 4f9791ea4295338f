// SPDX-License-Identifier: Apache-2.0
// The room launcher/remote: a command on every host, by SSH logins or a step of Slurm's. It promises a
// state, a cause and a remedy for each host within the bound, and each host's answer. It touches the name
// server, TCP, ssh and srun, the folder of the connections that stay open for mpirun, and a terminal's last lines; on
// the host that is asked the daemon of Open MPI, the login shell and the temporary folder.
//
// All hosts at once, and each in these steps: name -> TCP -> SSH banner -> login -> smlaunch found. Where a login is
// asked for, TCP and banner are looked at only where it fails or is slow (host_probe.cpp). The request says how many of
// the steps to go, and what to run on the hosts. Readiness, looking up names alone,
// the user's code and clean-up are such requests, and functions of the report.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/remote/host_cause.hpp"

namespace smlaunch {

class WaitingLogins;

enum class ReadyStage {
  name,
  tcp,
  banner,
  login,
  smlaunch,
  code,  // the user's code is prepared; a run waits for that, run_on_hosts() never does
};
enum class ReadyState { waiting, ready, failed };
std::string to_string(ReadyStage stage);
std::string to_string(ReadyState state);

struct HostReadiness {
  std::string name = {};
  ReadyState state = ReadyState::waiting;
  ReadyStage stage = ReadyStage::name;  // the stage that it is in, or has failed at; smlaunch when ready
  HostCause cause = {};                 // why it is not ready; no trouble when ready
  std::string remedy = {};              // what to do about it
  double seconds = 0;                   // since the start, when it became ready or failed
  std::string answer = {};              // the stdout of the login command, at most longest_answer bytes
  double since = 0;                     // since the start, when the present cause was first seen
  bool login_under_way = false;         // the login runs or waits for its turn; nothing is wrong so far
};

struct RemoteReport {
  bool ready = false;
  double seconds = 0;
  int stopped_by_signal = 0;              // a signal told us to stop waiting
  bool is_given_up = false;               // RemoteRequest::is_pointless said so
  std::vector<HostReadiness> hosts = {};  // in the order of the request
  std::vector<HostReadiness> spare_hosts = {};
};

struct HostProblem {
  HostCause cause = {};
  std::string remedy = {};
};

// What is run on each host, and what it must answer.
struct RemoteLogin {
  std::vector<std::string> ssh = {"ssh"};  // argv up to the options
  // Connections that were made stay open in the background for other logins (ControlPersist, which must be
  // set in `ssh`).
  bool keep_connections = false;
  // Logins that say so wait there for another command (waiting_words.hpp); null: none may. It outlives the request.
  WaitingLogins* waiting = nullptr;
  std::chrono::milliseconds waiting_bound{
      5'000};                // for a first answer; later ones are of logins that do not wait
  std::string command = {};  // run by the remote shell; must print "smlaunch <version>" as its first line
  std::string input = {};    // the command's stdin; may hold a secret
  std::string version = {};  // ours: a host with another version can never be ready
  std::size_t longest_answer = 4096;  // how many bytes of its output are kept
  // The problem of a host that gave this answer and can never be ready; may be empty.
  std::function<std::optional<HostProblem>(const std::string& answer)> judge = {};
  int at_once = 0;                             // logins at the same time; 0: by this machine's cores
  std::chrono::milliseconds deadline{20'000};  // of the first try; twice, then three times as long later
};

struct RemoteRequest {
  std::vector<std::string> hosts = {};
  // They are waited for until the other hosts are ready, and at most spare_wait longer; they need not come.
  std::vector<std::string> spare_hosts = {};
  std::chrono::milliseconds spare_wait{10'000};
  bool by_slurm = false;      // the hosts are those of our Slurm job: srun reaches them, and no ssh is needed
  std::string own_host = {};  // this machine: ready at once, without SSH; empty: none of them
  int port = 22;
  ReadyStage until = ReadyStage::smlaunch;  // the last stage; `login` counts only beyond the banner
  RemoteLogin login = {};
  std::chrono::milliseconds timeout{std::chrono::hours(1)};  // for everything together
  std::chrono::milliseconds connect_timeout{5'000};          // for each address
  std::chrono::milliseconds banner_timeout{5'000};
  // When a first login that has no end, or no turn, makes us look at the port beside it.
  std::chrono::milliseconds slow_login{1'500};
  std::chrono::milliseconds slow_turn{3'000};
  // Called at most every 0.2 s and at each change, from the event loop.
  std::function<void(const RemoteReport&)> progress = {};
  // Called every 0.2 s from the event loop; true ends the wait.
  std::function<bool()> is_pointless = {};
};

// Returns when all hosts are ready, when one of them can never be (permission denied, changed host key,
// another version, no smlaunch), at the time-out, or on SIGINT/SIGTERM; never later than timeout + 1 s.
// Leaves no ssh client behind, but logins that wait. It runs a loop of its own: what has a loop calls begin_on_hosts() (host_work.hpp).
RemoteReport run_on_hosts(const RemoteRequest& request);

}  // namespace smlaunch
