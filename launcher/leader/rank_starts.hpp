// SPDX-License-Identifier: Apache-2.0
// Tells the agents of all ranks to start them: of some hosts, then of some others, while the loop goes on. What a rank is
// told may be a hundred kilobytes: for thousands of ranks the leader would fall silent for seconds, and keep all of it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "launcher/leader/host_watch.hpp"
#include "launcher/leader/leader_world.hpp"
#include "launcher/leader/run_settings.hpp"
#include "launcher/leader/start_messages.hpp"

namespace smlaunch {

class RankStarts {
 public:
  // `late_hand_over`: JobRun's. The references outlive this object.
  RankStarts(const LaunchPlan& plan, const RunSettings& settings, const LeaderWorld& world,
             std::function<std::string(NodeRank)> late_hand_over);

  // `watch` outlives this object.
  void begin(StartFacts facts, const HostWatch& watch);
  // Before the ranks are told anything else: a start must not come after it. Nothing where they have not begun.
  void finish();

 private:
  void go_on();
  void start_next_host();

  const LaunchPlan& plan_;
  const RunSettings& settings_;
  const LeaderWorld& world_;
  std::function<std::string(NodeRank)> late_hand_over_;
  std::unique_ptr<LoopTimer> timer_;
  const HostWatch* watch_ = nullptr;  // null: not begun
  StartFacts facts_;
  Indexed<NodeRank, std::vector<Rank>> ranks_;
  NodeRank next_;  // the hosts before it have got their starts
};

}  // namespace smlaunch
