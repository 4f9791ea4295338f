// SPDX-License-Identifier: Apache-2.0
#include "topology/share_cores.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace smlaunch {
namespace {

std::vector<IdSet> units(const std::vector<CoreShare>& shares) {
  std::vector<IdSet> all;
  for (const CoreShare& share : shares) all.push_back(share.units);
  return all;
}

TEST(ShareCores, OneHomeIsCutIntoEvenRuns) {
  EXPECT_EQ(units(share_cores({{}, {}}, 8)), (std::vector<IdSet>{{0, 1, 2, 3}, {4, 5, 6, 7}}));
  EXPECT_EQ(units(share_cores({{}, {}, {}}, 8)), (std::vector<IdSet>{{0, 1, 2}, {3, 4, 5}, {6, 7}}));
}

TEST(ShareCores, EachHomeIsSharedByItsOwnRanks) {
  const IdSet left{0, 1, 2, 3};
  const IdSet right{4, 5, 6, 7};
  EXPECT_EQ(units(share_cores({right, left, right}, 8)), (std::vector<IdSet>{{4, 5}, {0, 1, 2, 3}, {6, 7}}));
}

TEST(ShareCores, ARankThatFindsItsHomeFullGoesElsewhere) {
  const auto shares = share_cores({{0}, {0}, {0}}, 4);
  EXPECT_EQ(units(shares), (std::vector<IdSet>{{0}, {1}, {2}}));
  EXPECT_FALSE(shares[0].away);
  EXPECT_TRUE(shares[1].away);
  EXPECT_TRUE(shares[2].away);
}

TEST(ShareCores, ASmallHomeInsideALargeOneIsServedFirst) {
  const auto shares = share_cores({{0, 1, 2, 3}, {0, 1}}, 4);
  EXPECT_EQ(units(shares), (std::vector<IdSet>{{1, 2, 3}, {0}}));
  EXPECT_FALSE(shares[0].away || shares[1].away);
}

TEST(ShareCores, HomesThatOverlapAreDealtOutAndOthersAreNotTouched) {
  const auto shares = share_cores({{0, 1, 2, 3}, {0, 1}, {4, 5, 6, 7}, {4, 5, 6, 7}}, 8);
  EXPECT_EQ(units(shares), (std::vector<IdSet>{{1, 2, 3}, {0}, {4, 5}, {6, 7}}));
}

TEST(ShareCores, AFullHomeBorrowsWhereNobodyIsAtHome) {
  EXPECT_EQ(units(share_cores({{0}, {0}, {1, 2, 3}}, 5)), (std::vector<IdSet>{{0}, {4}, {1, 2, 3}}));
}

TEST(ShareCores, AFullHomeBorrowsFromTheHomeWithMostUnitsForEachRank) {
  const auto shares = share_cores({{0}, {0}, {1, 2, 3, 4}, {5, 6, 7, 8}, {5, 6, 7, 8}}, 9);
  EXPECT_EQ(units(shares), (std::vector<IdSet>{{0}, {4}, {1, 2, 3}, {5, 6}, {7, 8}}));
  EXPECT_TRUE(shares[1].away);
}

TEST(ShareCores, MoreRanksThanUnitsGoRoundTheirHome) {
  const auto shares = share_cores({{0, 1}, {0, 1}, {0, 1}}, 2);
  EXPECT_EQ(units(shares), (std::vector<IdSet>{{0}, {1}, {0}}));
  EXPECT_TRUE(shares[0].shared);
  EXPECT_FALSE(shares[1].shared);
}

TEST(ShareCores, EveryRankGetsAUnitAndNoneIsGivenTwiceIfThereAreEnough) {
  std::mt19937 random(7);
  const auto below = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < 2000; ++round) {
    const int count = 1 + below(12);
    std::vector<IdSet> homes(static_cast<std::size_t>(1 + below(14)));
    const bool nodes_only = below(2) == 0;
    for (IdSet& home : homes) {
      if (nodes_only && count >= 4) {
        const int half = count / 2;
        const bool right = below(2) == 0;
        for (int i = right ? half : 0; i < (right ? count : half); ++i) home.push_back(i);
      } else {
        for (int i = 0; i < count; ++i) {
          if (below(3) == 0) home.push_back(i);
        }
      }
    }
    const auto shares = share_cores(homes, count);
    ASSERT_EQ(shares.size(), homes.size());
    std::map<int, int> owners;
    for (std::size_t rank = 0; rank < shares.size(); ++rank) {
      ASSERT_FALSE(shares[rank].units.empty());
      ASSERT_TRUE(std::is_sorted(shares[rank].units.begin(), shares[rank].units.end()));
      const bool at_home =
          homes[rank].empty() || intersection(homes[rank], shares[rank].units) == shares[rank].units;
      ASSERT_NE(at_home, shares[rank].away);
      for (const int unit : shares[rank].units) {
        ASSERT_TRUE(unit >= 0 && unit < count);
        ++owners[unit];
      }
    }
    for (const auto& [unit, ranks] : owners) {
      if (homes.size() <= static_cast<std::size_t>(count)) {
        ASSERT_EQ(ranks, 1) << "unit " << unit;
      }
    }
  }
}

TEST(ShareCores, RanksOfOneHomeDifferByOneUnitAtMost) {
  for (int count = 1; count <= 20; ++count) {
    for (int ranks = 1; ranks <= count; ++ranks) {
      const auto shares = share_cores(std::vector<IdSet>(static_cast<std::size_t>(ranks)), count);
      const auto [least, most] =
          std::minmax_element(shares.begin(), shares.end(),
                              [](const auto& a, const auto& b) { return a.units.size() < b.units.size(); });
      EXPECT_LE(most->units.size() - least->units.size(), 1U);
    }
  }
}

}  // namespace
}  // namespace smlaunch
