// SPDX-License-Identifier: Apache-2.0
// Counts ranks as Open MPI's `--map-by slot --oversubscribe` does, because mpirun starts them. Hosts are
// filled in order up to their slots. The ranks that are left go to all hosts in equal numbers, whatever
// their slots; the first hosts take one more. Ranks are numbered after that, so the ranks of a host are
// neighbours. Where the user has mpirun count or number by node, hosts take turns (measured with 4.1.4).
#include "topology/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>
#include <utility>

#include "base/host_list.hpp"
#include "topology/machine_kind.hpp"

namespace smlaunch {
namespace {

// Far above any cluster, and far below what would exhaust memory.
constexpr long long most_ranks = 16'777'216;

std::string counted(long long number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

// "a and b have 4 cores for 8 ranks each, which share them"
class CrowdedHosts {
 public:
  void add(const Host& host, int ranks) {
    const auto cores = static_cast<int>(host.machine->core_cpus.size());
    if (cores == 0 || ranks <= cores) return;
    const auto same = std::find_if(kinds_.begin(), kinds_.end(), [&](const Kind& kind) {
      return kind.cores == cores && kind.ranks == ranks;
    });
    if (same == kinds_.end())
      kinds_.push_back({cores, ranks, {host.name}});
    else
      same->hosts.push_back(host.name);
  }

  [[nodiscard]] std::vector<std::string> sentences() const {
    std::vector<std::string> all;
    for (const auto& [cores, ranks, hosts] : kinds_)
      all.push_back(fmt::format("{} {} {} for {}{}: ranks share cores", join_names(hosts),
                                hosts.size() == 1 ? "has" : "have", counted(cores, "core"),
                                counted(ranks, "rank"), hosts.size() == 1 ? "" : " each"));
    return all;
  }

 private:
  struct Kind {
    int cores = 0;
    int ranks = 0;
    std::vector<std::string> hosts;
  };
  std::vector<Kind> kinds_;  // in the order of their first hosts
};

std::vector<NodeRank> hosts_by_rank(const Indexed<NodeRank, int>& ranks_per_host, HostOrder numbering) {
  std::vector<NodeRank> hosts;
  if (numbering == HostOrder::by_slot) {
    for (const NodeRank host : ranks_per_host.indices())
      for (int i = 0; i < ranks_per_host[host]; ++i) hosts.push_back(host);
    return hosts;
  }
  std::vector<NodeRank> unfinished;
  for (const NodeRank host : ranks_per_host.indices())
    if (ranks_per_host[host] > 0) unfinished.push_back(host);
  for (int turn = 1; !unfinished.empty(); ++turn) {
    hosts.insert(hosts.end(), unfinished.begin(), unfinished.end());
    std::erase_if(unfinished, [&](NodeRank host) { return ranks_per_host[host] == turn; });
  }
  return hosts;
}

}  // namespace

std::string to_string(BindPolicy policy) {
  switch (policy) {
    case BindPolicy::automatic: return "auto";
    case BindPolicy::gpu: return "gpu";
    case BindPolicy::numa: return "numa";
    case BindPolicy::core: return "core";
    case BindPolicy::none: return "none";
  }
  return "auto";
}

std::optional<BindPolicy> parse_bind_policy(std::string_view text) {
  for (const BindPolicy policy :
       {BindPolicy::automatic, BindPolicy::gpu, BindPolicy::numa, BindPolicy::core, BindPolicy::none}) {
    if (to_string(policy) == text) return policy;
  }
  return std::nullopt;
}

Indexed<NodeRank, int> spread_by_slot(const Indexed<NodeRank, int>& slots, int world_size) {
  Indexed<NodeRank, int> counts;
  int left = world_size;
  for (const int slot : slots) {
    counts.push_back(std::clamp(left, 0, slot));
    left -= counts.back();
  }
  if (left <= 0) return counts;
  const auto hosts = static_cast<int>(slots.size());
  for (const NodeRank host : counts.indices())
    counts[host] += left / hosts + (host.value < left % hosts ? 1 : 0);
  return counts;
}

Indexed<NodeRank, int> spread_by_node(const Indexed<NodeRank, int>& slots, int world_size) {
  const long long offered = std::accumulate(slots.begin(), slots.end(), 0LL);
  if (world_size > offered) return spread_by_slot(Indexed<NodeRank, int>(slots.size(), 0), world_size);
  Indexed<NodeRank, int> counts(slots.size(), 0);
  for (int left = world_size; left > 0;)
    for (const NodeRank host : slots.indices())
      if (left > 0 && counts[host] < slots[host]) {
        ++counts[host];
        --left;
      }
  return counts;
}

Indexed<NodeRank, std::vector<Rank>> ranks_of_hosts(const Layout& layout) {
  Indexed<NodeRank, std::vector<Rank>> ranks(layout.ranks_per_host.size());
  for (const RankPlace& place : layout.ranks) ranks[place.node_rank].push_back(place.rank);
  return ranks;
}

Result<Layout> place(const Cluster& cluster, const LayoutRequest& request) {
  Indexed<NodeRank, int> slots;
  long long offered = 0;
  for (const Host& host : cluster.hosts) {
    slots.push_back(std::max(host.ranks, 0));
    offered += slots.back();
  }
  if (slots.empty()) {
    return failure(Fault::configuration, "hosts", "there are none", "name at least one host for the ranks");
  }
  const long long wanted = request.world_size ? *request.world_size : offered;
  if (wanted < 1) {
    return failure(Fault::configuration, "world size", fmt::format("{} is below 1", wanted),
                   "ask for at least one rank");
  }
  if (wanted > most_ranks) {
    return failure(Fault::configuration, "world size", fmt::format("{} is above {}", wanted, most_ranks),
                   "ask for fewer ranks");
  }

  Layout layout;
  layout.ranks_per_host = request.counting == HostOrder::by_slot
                              ? spread_by_slot(slots, static_cast<int>(wanted))
                              : spread_by_node(slots, static_cast<int>(wanted));
  layout.oversubscribed = wanted > offered;
  if (layout.oversubscribed) {
    layout.warnings.push_back(
        fmt::format("{} on {} with {}: {} more than there are slots, so hosts run more ranks "
                    "than they offer",
                    counted(wanted, "rank"), counted(static_cast<long long>(slots.size()), "host"),
                    counted(offered, "slot"), wanted - offered));
  }
  // Hosts of one kind and one count share their placements.
  MachineKinds kinds;
  std::map<std::pair<std::size_t, int>, std::vector<std::shared_ptr<const Placement>>> known;
  Indexed<NodeRank, const std::vector<std::shared_ptr<const Placement>>*> places(slots.size());
  CrowdedHosts crowded;
  for (const NodeRank host : slots.indices()) {
    const int count = layout.ranks_per_host[host];
    const Machine& machine = *cluster.hosts[host].machine;
    const auto [found, is_new] = known.try_emplace({kinds.kind_of(machine), count});
    if (is_new) found->second = place_on_machine(machine, count, request.bind, request.why_none);
    crowded.add(cluster.hosts[host], count);
    places[host] = &found->second;
  }
  layout.ranks.reserve(static_cast<std::size_t>(wanted));
  Indexed<NodeRank, int> next(slots.size(), 0);
  for (const NodeRank host : hosts_by_rank(layout.ranks_per_host, request.numbering)) {
    const int local = next[host]++;
    layout.ranks.push_back({layout.ranks.next_index(), LocalRank{local}, host,
                            (*places[host])[static_cast<std::size_t>(local)]});
  }
  for (std::string& sentence : crowded.sentences()) layout.warnings.push_back(std::move(sentence));
  return layout;
}

}  // namespace smlaunch
