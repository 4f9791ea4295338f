// SPDX-License-Identifier: Apache-2.0
// Where every rank goes: a pure function of the cluster and the request.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/indexed.hpp"
#include "topology/cluster.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

enum class BindPolicy { automatic, gpu, numa, core, none };
std::string to_string(BindPolicy policy);  // as --bind has it
std::optional<BindPolicy> parse_bind_policy(std::string_view text);

// One rank's place on its machine. Shared by the ranks of hosts whose machines are of one kind
// (topology/machine_kind.hpp).
struct Placement {
  std::optional<GpuIndex> gpu;
  IdSet numa;  // NUMA nodes its memory comes from; empty: any
  IdSet cpus;  // empty: not bound
  std::optional<NicIndex> nic;
  Nearness nic_path = Nearness::SYS;
  std::string why;  // one sentence
};

struct RankPlace {
  Rank rank;
  LocalRank local_rank;
  NodeRank node_rank;
  std::shared_ptr<const Placement> placement;
};

// In which order hosts are taken: host after host up to its slots, or all hosts in turns. Open MPI's words.
enum class HostOrder { by_slot, by_node };

struct LayoutRequest {
  std::optional<int> world_size;  // nothing: the sum of Host::ranks; otherwise hosts are filled one after the
                                  // other, and the excess goes round all hosts
  BindPolicy bind = BindPolicy::automatic;
  std::string why_none = "not bound, as --bind none asks";  // what Placement::why says under BindPolicy::none
  HostOrder counting = HostOrder::by_slot;                  // how many ranks a host gets: -map-by
  HostOrder numbering = HostOrder::by_slot;                 // which ranks these are: -rank-by
};

struct Layout {
  Indexed<Rank, RankPlace> ranks;
  Indexed<NodeRank, int> ranks_per_host;
  bool oversubscribed = false;  // more ranks than slots
  std::vector<std::string> warnings;
};

// Where `local_world_size` ranks go on one machine. `why_none`: as LayoutRequest has it.
std::vector<std::shared_ptr<const Placement>> place_on_machine(
    const Machine& machine, int local_world_size, BindPolicy bind,
    const std::string& why_none = LayoutRequest().why_none);

// How many ranks each host gets, as Open MPI's `--map-by slot --oversubscribe` gives them: first as many as
// slots, then the ranks that are left in equal numbers over all hosts.
Indexed<NodeRank, int> spread_by_slot(const Indexed<NodeRank, int>& slots, int world_size);

// As `--map-by node --oversubscribe` gives them: one rank for each host that has a slot left, again and
// again. If there are more ranks than slots, all hosts get equal numbers, whatever their slots.
Indexed<NodeRank, int> spread_by_node(const Indexed<NodeRank, int>& slots, int world_size);

// For each host its ranks, in the order of their local ranks.
Indexed<NodeRank, std::vector<Rank>> ranks_of_hosts(const Layout& layout);

// Errors: world_size below 1, no hosts (Fault::configuration).
Result<Layout> place(const Cluster& cluster, const LayoutRequest& request);

}  // namespace smlaunch
