// SPDX-License-Identifier: Apache-2.0
// Homes are NUMA nodes as a rule: they do not overlap, and each is cut into even runs. Homes that overlap (a
// GPU of which only the package is known) form a district. Its units are dealt out one at a time in turn, the
// ranks with the smallest homes first. A rank that finds no unit in its district borrows one: a unit in
// nobody's home, otherwise from the district that has most units left for each of its ranks.
#include "topology/share_cores.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <numeric>

namespace smlaunch {
namespace {

using RanksByHome = std::map<IdSet, std::vector<std::size_t>>;

// Homes that overlap, directly or through others.
struct District {
  IdSet units;
  std::vector<std::size_t> ranks;
  std::size_t homes = 0;
  std::size_t lent = 0;  // of its last units

  [[nodiscard]] std::size_t spare() const {
    const std::size_t needed = ranks.size() + lent;
    return units.size() > needed ? units.size() - needed : 0;
  }
};

std::vector<District> districts_of(const RanksByHome& groups) {
  std::vector<District> districts;
  for (const auto& [home, ranks] : groups) {
    District merged{home, ranks, 1, 0};
    std::erase_if(districts, [&](const District& other) {
      if (intersection(other.units, merged.units).empty()) return false;
      merged.units = united(merged.units, other.units);
      merged.ranks.insert(merged.ranks.end(), other.ranks.begin(), other.ranks.end());
      merged.homes += other.homes;
      return true;
    });
    std::sort(merged.ranks.begin(), merged.ranks.end());
    districts.push_back(std::move(merged));
  }
  return districts;
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

// The first free unit of `home` from `cursor` on; -1: none. The cursor only moves forward.
int next_free(const IdSet& home, std::size_t& cursor, const std::vector<bool>& taken) {
  while (cursor < home.size() && taken[static_cast<std::size_t>(home[cursor])]) ++cursor;
  return cursor < home.size() ? home[cursor] : -1;
}

// Deals out the units of one district. Returns the ranks that got none.
std::vector<std::size_t> deal(const std::vector<IdSet>& homes, const IdSet& units,
                              std::vector<std::size_t> order, std::vector<CoreShare>& shares) {
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return homes[a].size() < homes[b].size(); });
  std::vector<bool> taken(static_cast<std::size_t>(units.back()) + 1, true);
  for (const int unit : units) taken[static_cast<std::size_t>(unit)] = false;
  std::map<std::size_t, std::size_t> cursor;
  const auto give = [&](std::size_t rank, int unit) {
    taken[static_cast<std::size_t>(unit)] = true;
    shares[rank].units.push_back(unit);
  };
  std::vector<std::size_t> left_out;
  for (const std::size_t rank : order) {
    if (const int unit = next_free(homes[rank], cursor[rank], taken); unit >= 0)
      give(rank, unit);
    else
      left_out.push_back(rank);
  }
  std::size_t anywhere = 0;
  std::erase_if(left_out, [&](std::size_t rank) {
    const int unit = next_free(units, anywhere, taken);
    if (unit < 0) return false;
    give(rank, unit);
    return shares[rank].away = true;
  });
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
  for (const std::size_t rank : order) std::sort(shares[rank].units.begin(), shares[rank].units.end());
  return left_out;
}

// Lends first the units that are in no district, then the last units of the district that has most units to
// spare for each of its ranks.
class Lenders {
 public:
  Lenders(std::vector<District>& districts, std::size_t units) : districts_(districts) {
    IdSet lived_in;
    for (const District& district : districts) lived_in = united(lived_in, district.units);
    for (int unit = 0; unit < static_cast<int>(units); ++unit)
      if (!std::binary_search(lived_in.begin(), lived_in.end(), unit)) free_.push_back(unit);
  }

  // There are as many units as ranks, so somebody has one to spare.
  int lend() {
    if (next_ < free_.size()) return free_[next_++];
    const auto most =
        std::max_element(districts_.begin(), districts_.end(), [](const District& a, const District& b) {
          return a.spare() * b.ranks.size() < b.spare() * a.ranks.size();
        });
    ++most->lent;
    return most->units[most->units.size() - most->lent];
  }

 private:
  std::vector<District>& districts_;
  IdSet free_;
  std::size_t next_ = 0;
};

void share_by_district(const std::vector<IdSet>& homes, const RanksByHome& groups, std::size_t units,
                       std::vector<CoreShare>& shares) {
  std::vector<District> districts = districts_of(groups);
  Lenders lenders(districts, units);
  // Full districts come first: the units that they borrow must not be divided among the ranks of the others.
  for (const District& district : districts) {
    if (district.units.size() >= district.ranks.size()) continue;
    for (const std::size_t rank : deal(homes, district.units, district.ranks, shares)) {
      shares[rank].units = {lenders.lend()};
      shares[rank].away = true;
    }
  }
  for (District& district : districts) {
    if (district.units.size() < district.ranks.size()) continue;
    district.units.resize(district.units.size() - district.lent);
    if (district.homes == 1)
      cut(district.units, district.ranks, shares);
    else
      deal(homes, district.units, district.ranks, shares);
  }
}

// With fewer units than ranks, each rank takes the unit of its home that has the fewest ranks.
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
  } else {
    share_by_district(wanted, groups, count, shares);
  }
  return shares;
}

}  // namespace smlaunch
