// SPDX-License-Identifier: Apache-2.0
// Homes are NUMA nodes as a rule: they do not overlap, and each is cut into even runs. Where homes overlap (a
// GPU that only its package is known of) or one is too small for its ranks, units are dealt out one at a time
// in turn, the ranks with the smallest homes first.
#include "topology/share_cores.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>

namespace smlaunch {
namespace {

using RanksByHome = std::map<IdSet, std::vector<std::size_t>>;

bool are_disjoint_and_large_enough(const RanksByHome& groups, std::size_t units) {
  std::vector<bool> taken(units, false);
  for (const auto& [home, ranks] : groups) {
    if (home.size() < ranks.size()) return false;
    for (const int unit : home) {
      if (taken[static_cast<std::size_t>(unit)]) return false;
      taken[static_cast<std::size_t>(unit)] = true;
    }
  }
  return true;
}

void cut(const IdSet& home, const std::vector<std::size_t>& ranks, std::vector<CoreShare>& shares) {
  const std::size_t each = home.size() / ranks.size();
  const std::size_t larger = home.size() % ranks.size();
  auto begin = home.begin();
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const auto end = begin + static_cast<std::ptrdiff_t>(each + (i < larger ? 1 : 0));
    shares[ranks[i]].units.assign(begin, end);
    begin = end;
  }
}

// The first unit of `home` that is free, from `cursor` on, which only ever moves forward.
int next_free(const IdSet& home, std::size_t& cursor, const std::vector<bool>& taken) {
  while (cursor < home.size() && taken[static_cast<std::size_t>(home[cursor])]) ++cursor;
  return cursor < home.size() ? home[cursor] : -1;
}

void deal(const std::vector<IdSet>& homes, std::size_t units, std::vector<CoreShare>& shares) {
  std::vector<std::size_t> order(homes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return homes[a].size() < homes[b].size(); });
  std::vector<bool> taken(units, false);
  std::vector<std::size_t> cursor(homes.size(), 0);
  const auto give = [&](std::size_t rank, int unit) {
    taken[static_cast<std::size_t>(unit)] = true;
    shares[rank].units.push_back(unit);
  };
  for (const std::size_t rank : order) {
    if (const int unit = next_free(homes[rank], cursor[rank], taken); unit >= 0) give(rank, unit);
  }
  IdSet anywhere(units);
  std::iota(anywhere.begin(), anywhere.end(), 0);
  std::size_t anywhere_cursor = 0;
  for (const std::size_t rank : order) {
    if (!shares[rank].units.empty()) continue;
    if (const int unit = next_free(anywhere, anywhere_cursor, taken); unit >= 0) {
      give(rank, unit);
      shares[rank].away = true;
    }
  }
  for (bool gave = true; gave;) {
    gave = false;
    for (const std::size_t rank : order) {
      if (shares[rank].away) continue;
      const int unit = next_free(homes[rank], cursor[rank], taken);
      if (unit < 0) continue;
      give(rank, unit);
      gave = true;
    }
  }
  for (auto& share : shares) std::sort(share.units.begin(), share.units.end());
}

// Fewer units than ranks: the ranks of one home go round it.
void go_round(const RanksByHome& groups, std::size_t units, std::vector<CoreShare>& shares) {
  std::vector<int> load(units, 0);
  for (const auto& [home, ranks] : groups) {
    for (const std::size_t rank : ranks) {
      const int unit = *std::min_element(home.begin(), home.end(), [&](int a, int b) {
        return load[static_cast<std::size_t>(a)] < load[static_cast<std::size_t>(b)];
      });
      ++load[static_cast<std::size_t>(unit)];
      shares[rank].units = {unit};
    }
  }
  for (auto& share : shares) share.shared = load[static_cast<std::size_t>(share.units.front())] > 1;
}

}  // namespace

std::vector<CoreShare> share_cores(const std::vector<IdSet>& homes, int units) {
  const auto count = static_cast<std::size_t>(std::max(units, 1));
  std::vector<IdSet> wanted = homes;
  RanksByHome groups;
  for (std::size_t rank = 0; rank < wanted.size(); ++rank) {
    if (wanted[rank].empty()) {
      wanted[rank].resize(count);
      std::iota(wanted[rank].begin(), wanted[rank].end(), 0);
    }
    groups[wanted[rank]].push_back(rank);
  }
  std::vector<CoreShare> shares(homes.size());
  if (homes.size() > count) {
    go_round(groups, count, shares);
  } else if (are_disjoint_and_large_enough(groups, count)) {
    for (const auto& [home, ranks] : groups) cut(home, ranks, shares);
  } else {
    deal(wanted, count, shares);
  }
  return shares;
}

}  // namespace smlaunch
