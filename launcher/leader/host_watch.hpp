// SPDX-License-Identifier: Apache-2.0
// What agents report of their hosts, held against the plan: pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "launcher/channel/messages.hpp"
#include "launcher/leader/binding_report.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

class HostWatch {
 public:
  explicit HostWatch(const LaunchPlan& plan) : plan_(plan) {}

  // Of each host, the agent with local rank 0 says what there is.
  void joined(Rank rank, const Hello& hello);
  // Another host of the plan than the planned one.
  [[nodiscard]] std::optional<std::string> found_elsewhere(Rank rank, const Hello& hello) const;
  // GPUs and online CPUs, where the plan has not seen the host.
  [[nodiscard]] std::optional<std::pair<int, int>> facts_of(NodeRank node_rank) const;
  // Hosts that are not like the others of their group, and what is wrong with those that the plan has not
  // seen: a sentence each, but for those that are warnings of the plan.
  [[nodiscard]] std::vector<std::string> odd_hosts() const;
  // How a rank was bound; nothing: it could not be started. The sentences of its host come with the last of
  // its ranks, so that what is equal for all of them is said once.
  std::vector<std::string> started(Rank rank, const Started* started);

 private:
  struct Found {
    int gpus = 0;
    int cpus = 0;         // that the job may use
    int online_cpus = 0;  // of the machine
  };
  struct HostBindings {
    int reported = 0;
    std::vector<RankBinding> bindings;
  };
  [[nodiscard]] const RankPlace& place(Rank rank) const { return plan_.layout.ranks[rank]; }
  [[nodiscard]] const Host& host(NodeRank node_rank) const { return plan_.cluster.hosts[node_rank]; }

  [[nodiscard]] std::vector<std::string> host_warnings() const;

  const LaunchPlan& plan_;
  std::map<NodeRank, Hello> facts_;  // what a host's agent with local rank 0 told
  std::map<NodeRank, HostBindings> bindings_;
};

}  // namespace smlaunch
