// SPDX-License-Identifier: Apache-2.0
// A whole run of the leader without a process or a socket, for tests.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "launcher/channel/hand_over.hpp"
#include "launcher/leader/leader_run.hpp"
#include "tests/launcher/leader/fake_agents.hpp"
#include "tests/launcher/leader/fake_output.hpp"
#include "tests/launcher/plan/small_job.hpp"
#include "tests/launcher/smoke/pretended_set.hpp"
#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {

// A whole run of two hosts with two ranks each, by mpirun, whose agents and workers are made up.
struct DrivenRun {
  explicit DrivenRun(int hosts = 2, LauncherKind launcher = LauncherKind::mpi) {
    SmallJob job(hosts, 2);
    job.spec.launcher = launcher;
    plan = job.plan();
    settings.worker = "socket";
    settings.channel_host = "";
    settings.make_ready = [this](const std::string& hand_over, const FindWorkerCode& code, auto done) {
      EXPECT_EQ(decode_hand_over(hand_over)->world_size, plan.world_size());
      done(while_waiting ? while_waiting(code) : ready());
    };
  }

  static ReadyResult ready() {
    ReadyResult result;
    result.channel_host = "198.18.0.1";
    return result;
  }
  // Of the host with this node rank, or of a spare one behind them.
  [[nodiscard]] Peer worker(int index) const { return {count_rank_peers(plan, settings) + index}; }
  void with_smoke(bool only = false) {
    SmokeRequest request;
    request.plan = plan;
    request.settings = small_settings(static_cast<int>(plan.cluster.hosts.size()), 2);
    request.only = only;
    settings.smoke = std::make_shared<const SmokeRequest>(std::move(request));
  }

  Outcome go() {
    leader =
        std::make_unique<LeaderRun>(plan, settings, events,
                                    LeaderWorld{loop, agents, output, agents.make_engine(),
                                                [this] { stopped_ourselves_at.push_back(loop.seconds()); }},
                                    "token");
    EXPECT_TRUE(leader->listen());
    auto made = leader->run();
    EXPECT_FALSE(loop.ran_dry);
    if (!made) throw std::runtime_error(made.error().problems.front().what);
    result = std::move(*made);
    return result.outcome;
  }

  LaunchPlan plan;
  RunSettings settings;
  std::function<ReadyResult(const FindWorkerCode&)> while_waiting;
  EventLog events;
  FakeLoop loop;
  FakeOutput output;
  FakeAgents agents{loop, plan};
  std::unique_ptr<LeaderRun> leader;
  RunResult result;
  std::vector<double> stopped_ourselves_at;
};

// Each of two hosts has one torchrun, with an agent beside it and two ranks on GPUs of their own.
inline void become_torchruns(DrivenRun& run) {
  run.plan.launcher = LauncherKind::torchrun;
  MadeUp shape;
  shape.gpu_nodes = {0, 0};
  const auto machine = std::make_shared<const Machine>(make_machine(shape));
  const auto layout = run.plan.layout.ranks;
  run.plan.shares = Indexed<NodeRank, StarterShare>(2);
  run.plan.layout.ranks.clear();
  for (const RankPlace& place : layout) {
    StarterShare& share = run.plan.shares[place.node_rank];
    if (share.placements.empty()) {
      share.first_rank = place.rank.value;
      run.plan.layout.ranks.push_back(place);
      run.plan.layout.ranks.back().rank = Rank{place.node_rank.value};
    }
    Placement placement = *place.placement;
    placement.gpu = GpuIndex{place.local_rank.value};
    share.placements.push_back(std::make_shared<const Placement>(placement));
  }
  for (Host& host : run.plan.cluster.hosts) host.machine = machine;
}

}  // namespace smlaunch
