// SPDX-License-Identifier: Apache-2.0
// Performs a plan: starts the engine, carries out what the supervisor decides, passes lines on.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "launcher/plan/plan.hpp"
#include "launcher/run/event_log.hpp"
#include "launcher/run/outcome.hpp"
#include "launcher/run/rank_output.hpp"

namespace smlaunch {

// Makes sure that every host is there, and brings `hand_over` to it on the way. Nothing: they all are. An
// outcome: they are not, and this is why. `serve` is to be called several times a second: it listens to the
// workers that have come already, and returns the signal by which one of them was told to stop, else 0.
using MakeReady =
    std::function<std::optional<Outcome>(const std::string& hand_over, const std::function<int()>& serve)>;

struct RunSettings {
  std::chrono::milliseconds failure_grace{5000};
  std::chrono::milliseconds stop_grace{110000};
  std::chrono::milliseconds lost_after{10000};
  int channel_port = 0;
  std::string channel_host = "127.0.0.1";  // what agents are told; not loopback where a host is not this one
  std::string worker;    // worker_socket_name(): hosts where a smlaunch may wait for us; empty: none is asked
  MakeReady make_ready;  // where there are other hosts
  OutputSettings output;
  bool verbose = false;
};

struct RunResult {
  Outcome outcome;
  std::vector<RankRecord> ranks;
  std::vector<Phase> phases;
};

// Errors (Fault::start): nothing was started. Otherwise returns when nothing of the job is left that can be
// reached from here.
Result<RunResult> run_plan(const LaunchPlan& plan, const RunSettings& settings, EventLog& events);

}  // namespace smlaunch
