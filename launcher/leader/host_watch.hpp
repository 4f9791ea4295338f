// SPDX-License-Identifier: Apache-2.0
// The agents' reports of their hosts, compared with the plan: pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "launcher/channel/messages.hpp"
#include "launcher/leader/binding_report.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

class HostWatch {
 public:
  explicit HostWatch(const LaunchPlan& plan);

  // On each host, the agent with local rank 0 tells about the host.
  void joined(Rank rank, const Hello& hello);
  // The host of the plan on which the rank is, where that is not its planned host.
  [[nodiscard]] std::optional<std::string> found_elsewhere(Rank rank, const Hello& hello) const;
  // GPUs and online CPUs of a host that the plan has not seen.
  [[nodiscard]] std::optional<std::pair<int, int>> facts_of(NodeRank node_rank) const;
  // A sentence for each difference between hosts of one group, and for each problem of a host that the plan
  // has not seen. What the plan's machines show already is left out: the plan has warned of it.
  [[nodiscard]] std::vector<std::string> odd_hosts() const;
  // `started`: how a rank was bound; null: it could not be started. Returns the sentences of a host with the
  // last of its ranks, so that ranks can share them.
  std::vector<std::string> started(Rank rank, const Started* started);

 private:
  struct HostBindings {
    int reported = 0;
    std::vector<RankBinding> bindings;
  };
  [[nodiscard]] const RankPlace& place(Rank rank) const { return plan_.layout.ranks[rank]; }
  [[nodiscard]] const Host& host(NodeRank node_rank) const { return plan_.cluster.hosts[node_rank]; }

  [[nodiscard]] std::vector<HostsWarning> host_warnings() const;

  const LaunchPlan& plan_;
  std::set<std::string> names_;      // of the plan's hosts
  std::map<NodeRank, Hello> facts_;  // of a host's agent with local rank 0
  std::map<NodeRank, HostBindings> bindings_;
};

}  // namespace smlaunch
