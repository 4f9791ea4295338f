// SPDX-License-Identifier: Apache-2.0
// Agents on hosts that start themselves: the smlaunch of each starts those of its host, and says when they have
// ended. An engine of ours starts its own host's agents as processes, and has the others started so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "launcher/channel/leader_channel.hpp"
#include "launcher/leader/job_engine.hpp"

namespace smlaunch {

// The sets of agents that the hosts' smlaunches have been told to start.
class AgentsElsewhere {
 public:
  using OnEnded = std::function<void(const AgentsEnded&)>;

  // `first_worker`: the peer of node rank 0.
  AgentsElsewhere(LeaderChannel& channel, Peer first_worker)
      : channel_(channel), first_worker_(first_worker) {}

  // Returns the set's number. `ended` is called once, unless the set is forgotten before.
  std::uint64_t start(NodeRank host, StartAgents agents, OnEnded ended);
  void signal(std::uint64_t set, int signal);
  void forget(std::uint64_t set);

  // What comes over the channel.
  void ended(Peer worker, const AgentsEnded& end);
  void host_lost(Peer worker);

 private:
  struct Set {
    Peer worker;
    std::string job;
    OnEnded ended;
  };
  void finish(std::uint64_t set, const AgentsEnded& end);

  LeaderChannel& channel_;
  Peer first_worker_;
  std::uint64_t last_ = 0;
  std::uint64_t last_signal_ = 0;
  std::map<std::uint64_t, Set> sets_;
  std::map<Peer, std::set<std::uint64_t>> of_worker_;
};

class EngineOnHosts final : public JobEngine {
 public:
  // `own` starts processes here, and is given our callbacks.
  EngineOnHosts(AgentsElsewhere& elsewhere, Callbacks callbacks, const MakeEngine& make_own);
  ~EngineOnHosts() override;

  tl::expected<void, SpawnError> start(const std::vector<std::string>& argv,
                                       const std::map<std::string, std::string>& environment, Rank rank,
                                       DeathSignal death_comes) override;
  void start_on(NodeRank host, const StartAgents& agents) override;
  void signal(int signal) override;
  [[nodiscard]] bool was_started() const override { return own_->was_started(); }
  [[nodiscard]] std::vector<std::string> last_words() const override { return own_->last_words(); }
  [[nodiscard]] std::set<std::string> peers() const override { return own_->peers(); }
  [[nodiscard]] bool has_children() const override { return own_->has_children(); }
  void remove_session_folders(const std::string&) const override {}

 private:
  void own_ended(Rank rank, const Result<ExitStatus>& end, bool all);
  void others_ended(const std::vector<int>& ranks, const AgentsEnded& end);
  [[nodiscard]] bool all_have_ended() const { return own_have_ended_ && running_.empty(); }

  AgentsElsewhere& elsewhere_;
  Callbacks callbacks_;
  std::unique_ptr<JobEngine> own_;
  std::set<std::uint64_t> running_;  // sets
  bool own_have_ended_ = false;
};

}  // namespace smlaunch
