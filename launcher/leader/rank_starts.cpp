// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/rank_starts.hpp"

#include <utility>

namespace smlaunch {

namespace {

// Some hundredths of a second's work.
constexpr int hosts_at_once = 16;

}  // namespace

RankStarts::RankStarts(const LaunchPlan& plan, const RunSettings& settings, const LeaderWorld& world,
                       std::function<std::string(NodeRank)> late_hand_over)
    : plan_(plan),
      settings_(settings),
      world_(world),
      late_hand_over_(std::move(late_hand_over)),
      timer_(world.loop.make_timer()) {}

void RankStarts::begin(StartFacts facts, const HostWatch& watch) {
  facts_ = std::move(facts);
  watch_ = &watch;
  ranks_ = ranks_of_hosts(plan_.layout);
  go_on();
}

void RankStarts::go_on() {
  for (int i = 0; i < hosts_at_once && ranks_.has(next_); ++i) start_next_host();
  if (ranks_.has(next_)) timer_->start(std::chrono::milliseconds(0), [this] { go_on(); });
}

void RankStarts::finish() {
  timer_->cancel();
  while (ranks_.has(next_)) start_next_host();
}

void RankStarts::start_next_host() {
  const NodeRank node_rank{next_.value++};
  const std::vector<Rank>& ranks = ranks_[node_rank];
  if (ranks.empty()) return;
  const Variables own = variables_of_host(plan_, node_rank, watch_->facts_of(node_rank));
  for (const Rank rank : ranks) {
    Start start = make_start(plan_, rank, own, facts_);
    if (rank == ranks.front()) start.hand_over = late_hand_over_(node_rank);
    start.forward_output = world_.output.is_wanted(rank);
    start.progress_pattern = settings_.progress_pattern;
    start.flight_recorder = settings_.flight_recorder;
    world_.channel.start(peer_of(rank), start);
  }
}

}  // namespace smlaunch
