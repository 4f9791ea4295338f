// SPDX-License-Identifier: Apache-2.0
// How a plan is to be performed: the bounds, the other hosts, the output, the all-reduce test.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/code/code_messages.hpp"
#include "launcher/outcome/outcome.hpp"
#include "launcher/output/rank_output.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/smoke/smoke_settings.hpp"

namespace smlaunch {

// What became of the waiting for the hosts.
struct ReadyResult {
  std::optional<Outcome> outcome;  // nothing: they are all there
  std::string channel_host;        // where they reach us
  std::string slowest_host;
  double slowest_seconds = 0;
};

// A host where a smlaunch may wait for us, and what that has said of its code.
struct WorkerCode {
  std::string host;
  bool has_come = false;
  bool is_lost = false;
  std::optional<CodeEnd> end;  // nothing: it is still at it
};

// What is known of the workers while there is no job yet.
struct Workers {
  // To be called several times a second: listens to those that have come already, and returns the signal by
  // which one of them was told to stop, else 0.
  std::function<int()> serve;
  std::function<std::vector<WorkerCode>()> code;  // the hosts of the plan, then the spare ones
};

// Makes sure that every host is there, and brings `hand_over` to it on the way.
using MakeReady = std::function<ReadyResult(const std::string& hand_over, const Workers& workers)>;

// The all-reduce test between readiness and the job.
struct SmokeRequest {
  LaunchPlan plan;  // of the check programs: the same ranks on the same hosts
  SmokeSettings settings;
  bool only = false;   // then that was it
  bool quiet = false;  // says nothing of a test that passes
};

struct LostHost {
  std::string name;
  std::string reason;
};

struct RunSettings {
  std::chrono::milliseconds failure_grace{5000};
  std::chrono::milliseconds leftover_grace{0};
  std::chrono::milliseconds stop_grace{110000};
  std::chrono::milliseconds lost_after{10000};
  std::chrono::milliseconds leader_wait{600000};
  std::optional<double> hang_timeout;  // seconds
  int channel_port = 0;
  // What agents are told; not loopback where a host is not this one. Empty: not known before the hosts are
  // ready.
  std::string channel_host = "127.0.0.1";
  std::string worker;  // worker_socket_name(): hosts where a smlaunch may wait for us; empty: none is asked
  std::string ssh_folder;  // of the connections that make_ready leaves open; empty: it leaves none
  MakeReady make_ready;    // where there are other hosts
  // Which of the other hosts does no longer answer; takes some seconds. Asked while the ranks cannot be
  // started.
  std::function<std::vector<LostHost>()> find_lost_hosts;
  // Which of the other hosts has none of these addresses; nothing where one of them is nobody's: then it cannot be
  // told. Asked when the ranks could not be started.
  std::function<std::vector<std::string>(const std::set<std::string>& peers)> find_unconnected;
  std::vector<std::string> spare_hosts;  // run no rank; their workers are told what becomes of the job
  int restart_count = 0;
  bool tells_restart_count = false;  // RESTART_COUNT in the ranks' environment
  // Is the job tried again after this? Then workers are told to wait for the next try.
  std::function<bool(const Outcome&)> is_tried_again;
  OutputSettings output;
  bool verbose = false;
  std::shared_ptr<const SmokeRequest> smoke;  // null: no test
};

}  // namespace smlaunch
