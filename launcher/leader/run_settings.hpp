// SPDX-License-Identifier: Apache-2.0
// How to perform a plan: the bounds, the other hosts, the output, the all-reduce test.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/channel/token.hpp"
#include "launcher/code/code_messages.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/output/rank_output.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/smoke/smoke_settings.hpp"
#include "launcher/status/status_board.hpp"

namespace smlaunch {

// How the waiting for the hosts ended.
struct ReadyResult {
  std::optional<Outcome> outcome = {};  // nothing: all hosts are there
  std::string channel_host = {};        // the address where they reach us
  std::string slowest_host = {};
  double slowest_seconds = 0;
};

// A host where a smlaunch may wait for us, and what it has said about its code.
struct WorkerCode {
  std::string host;
  bool has_come = false;
  bool is_lost = false;
  std::optional<CodeEnd> end;  // nothing: its code is still being prepared
};

// What is known of the workers while there is no job yet: the hosts of the plan, then the spare hosts.
using FindWorkerCode = std::function<std::vector<WorkerCode>()>;

// Makes sure that every host is there, and brings `hand_over` to it on the way: on the loop of run_plan(), which serves
// workers that have come already meanwhile. `done` is called once, at once or from the loop.
using MakeReady = std::function<void(const std::string& hand_over, FindWorkerCode code,
                                     std::function<void(ReadyResult)> done)>;

enum class StopBy {
  us,
  worker,  // its host's smlaunch was told to stop
};

// The all-reduce test between readiness and the job.
struct SmokeRequest {
  LaunchPlan plan;  // of the check programs: the same ranks on the same hosts
  SmokeSettings settings;
  bool only = false;   // no job follows
  bool quiet = false;  // a test that passes is not told
};

struct LostHost {
  std::string name;
  std::string reason;
};

// Finds other hosts that do not answer any more. `done` is called some seconds later at most, at once or from the loop;
// not where another look was begun before.
using FindLostHosts = std::function<void(std::function<void(const std::vector<LostHost>& lost)> done)>;

struct RunSettings {
  std::chrono::milliseconds failure_grace{5000};
  std::chrono::milliseconds leftover_grace{0};
  std::chrono::milliseconds stop_grace{110000};
  std::chrono::milliseconds lost_after{10000};
  std::chrono::milliseconds leader_wait{600000};
  std::optional<double> hang_timeout;  // seconds
  std::optional<double> start_timeout;
  std::string progress_pattern;  // --progress
  bool flight_recorder = true;
  int channel_port = 0;
  // The address that agents get; not loopback where another host takes part. Empty: not known before the
  // hosts are ready.
  std::string channel_host = "127.0.0.1";
  // The secret that the hosts know, where they start themselves; empty: they do not, and nobody knows one yet.
  std::string job_token;
  FindKey find_key;        // or how they are known without it
  std::string worker;      // worker_socket_name() where a smlaunch may wait for us; empty: none is asked
  std::string ssh_folder;  // of the connections that make_ready leaves open; empty: it leaves no connection
  std::size_t files_of_logins = 0;  // that wait for mpirun
  MakeReady make_ready;             // empty: there are no other hosts
  // While make_ready is under way: a signal came. It is done soon.
  std::function<void(int signal, StopBy by)> stop_ready;
  FindLostHosts find_lost_hosts;  // empty: there are no other hosts, or they come by themselves
  // Finds other hosts that have none of these addresses; nothing where one of the addresses belongs to no host: then it
  // is not known. Called when the ranks could not be started.
  std::function<std::vector<std::string>(const std::set<std::string>& peers)> find_unconnected;
  std::vector<std::string> spare_hosts;  // they run no rank; their workers are told how the job ends
  int restart_count = 0;
  bool tells_restart_count = false;  // RESTART_COUNT in the ranks' environment
  // Is the job tried again after this outcome? Then workers are told to wait for the next try.
  std::function<bool(const Outcome&)> is_tried_again;
  // The hosts that have no part in it: their workers are told the end.
  std::function<std::set<std::string>(const Outcome&)> find_left_out;
  OutputSettings output;
  bool verbose = false;
  StatusBoard* board = nullptr;               // where others see what the job is doing; null: nobody looks
  std::shared_ptr<const SmokeRequest> smoke;  // null: no test
};

}  // namespace smlaunch
