// SPDX-License-Identifier: Apache-2.0
// Counts ranks as Open MPI's `--map-by slot --oversubscribe` does, because it is mpirun that starts them:
// hosts are filled in order up to their slots; what is left goes round in equal numbers whatever the slots,
// the first hosts taking one more. Ranks are numbered after that, so those of a host are neighbours.
#include "topology/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <utility>

namespace smlaunch {
namespace {

// Far above any cluster, and far below what would exhaust memory.
constexpr long long most_ranks = 16'777'216;

std::string counted(long long number, const char* what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
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

std::vector<int> spread_by_slot(const std::vector<int>& slots, int world_size) {
  std::vector<int> counts;
  int left = world_size;
  for (const int slot : slots) {
    counts.push_back(std::clamp(left, 0, slot));
    left -= counts.back();
  }
  const auto hosts = static_cast<int>(slots.size());
  for (int host = 0; host < hosts && left > 0; ++host) {
    counts[static_cast<std::size_t>(host)] += left / hosts + (host < left % hosts ? 1 : 0);
  }
  return counts;
}

Result<Layout> place(const Cluster& cluster, const LayoutRequest& request) {
  std::vector<int> slots;
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
  layout.ranks_per_host = spread_by_slot(slots, static_cast<int>(wanted));
  layout.oversubscribed = wanted > offered;
  if (layout.oversubscribed) {
    layout.warnings.push_back(
        fmt::format("{} on {} with {}: {} more than there are slots, so hosts run more ranks "
                    "than they offer",
                    counted(wanted, "rank"), counted(static_cast<long long>(slots.size()), "host"),
                    counted(offered, "slot"), wanted - offered));
  }
  // Hosts that share a machine and a count share their placements too.
  std::map<std::pair<const Machine*, int>, std::vector<std::shared_ptr<const Placement>>> known;
  layout.ranks.reserve(static_cast<std::size_t>(wanted));
  for (std::size_t host = 0; host < slots.size(); ++host) {
    const int count = layout.ranks_per_host[host];
    const Machine* machine = cluster.hosts[host].machine.get();
    const auto [found, is_new] = known.try_emplace({machine, count});
    if (is_new) found->second = place_on_machine(*machine, count, request.bind);
    for (int local = 0; local < count; ++local) {
      layout.ranks.push_back({Rank{static_cast<int>(layout.ranks.size())}, LocalRank{local},
                              static_cast<int>(host), found->second[static_cast<std::size_t>(local)]});
    }
  }
  return layout;
}

}  // namespace smlaunch
