// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/agents_elsewhere.hpp"

#include <fmt/format.h>

#include <utility>

namespace smlaunch {

std::uint64_t AgentsElsewhere::start(NodeRank host, StartAgents agents, OnEnded ended) {
  agents.set = ++last_;
  const Peer worker{first_worker_.value + host.value};
  sets_.emplace(last_, Set{worker, agents.job, std::move(ended)});
  of_worker_[worker].insert(last_);
  channel_.start_agents(worker, agents);
  return last_;
}

void AgentsElsewhere::signal(std::uint64_t set, int signal) {
  if (const auto found = sets_.find(set); found != sets_.end())
    channel_.signal_agents(found->second.worker, {set, signal, ++last_signal_, found->second.job});
}

void AgentsElsewhere::forget(std::uint64_t set) {
  const auto found = sets_.find(set);
  if (found == sets_.end()) return;
  of_worker_[found->second.worker].erase(set);
  sets_.erase(found);
}

// Each host speaks of its own sets, and what it has not yet said of an earlier try is no news of this one.
void AgentsElsewhere::ended(Peer worker, const AgentsEnded& end) {
  const auto found = sets_.find(end.set);
  if (found == sets_.end() || !(found->second.worker == worker) || found->second.job != end.job) return;
  finish(end.set, end);
}

void AgentsElsewhere::finish(std::uint64_t set, const AgentsEnded& end) {
  const auto found = sets_.find(set);
  if (found == sets_.end()) return;
  const OnEnded ended = std::move(found->second.ended);
  forget(set);
  ended(end);
}

void AgentsElsewhere::host_lost(Peer worker) {
  const std::set<std::uint64_t> lost = of_worker_[worker];
  for (const std::uint64_t number : lost) finish(number, {.set = number, .failure = {}, .status = {}});
}

EngineOnHosts::EngineOnHosts(AgentsElsewhere& elsewhere, Callbacks callbacks, const MakeEngine& make_own)
    : elsewhere_(elsewhere),
      callbacks_(std::move(callbacks)),
      own_(make_own({callbacks_.line, [this](Rank rank, const Result<ExitStatus>& end, bool all) {
                       own_ended(rank, end, all);
                     }})) {}

EngineOnHosts::~EngineOnHosts() {
  for (const std::uint64_t set : running_) elsewhere_.forget(set);
}

tl::expected<void, SpawnError> EngineOnHosts::start(const std::vector<std::string>& argv,
                                                    const std::map<std::string, std::string>& environment,
                                                    Rank rank, DeathSignal death_comes) {
  return own_->start(argv, environment, rank, death_comes);
}

void EngineOnHosts::start_on(NodeRank host, const StartAgents& agents) {
  // Nobody answers before we are back on the loop.
  const auto number = std::make_shared<std::uint64_t>(0);
  *number = elsewhere_.start(host, agents, [this, number, ranks = agents.ranks](const AgentsEnded& end) {
    running_.erase(*number);
    others_ended(ranks, end);
  });
  running_.insert(*number);
}

void EngineOnHosts::signal(int signal) {
  own_->signal(signal);
  for (const std::uint64_t set : running_) elsewhere_.signal(set, signal);
}

void EngineOnHosts::own_ended(Rank rank, const Result<ExitStatus>& end, bool all) {
  own_have_ended_ = own_have_ended_ || all;
  callbacks_.ended(rank, end, all_have_ended());
}

// Nobody says how the agents of a lost host ended. What their connections say comes first.
void EngineOnHosts::others_ended(const std::vector<int>& ranks, const AgentsEnded& end) {
  if (end.status.size() != ranks.size()) {
    if (all_have_ended())
      callbacks_.ended(Rank{ranks.front()}, failure(Fault::start, "agent", "its host was lost"), true);
    return;
  }
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const bool is_last = i + 1 == ranks.size();
    if (!end.failure && end.status[i])
      callbacks_.ended(Rank{ranks[i]}, *end.status[i], is_last && all_have_ended());
    else
      callbacks_.ended(
          Rank{ranks[i]},
          failure(Fault::start, "agent", end.failure.value_or("its host does not know how it ended")),
          is_last && all_have_ended());
  }
}

}  // namespace smlaunch
