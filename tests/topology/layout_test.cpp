// SPDX-License-Identifier: Apache-2.0
#include "topology/layout.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <utility>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Cluster cluster_of(const std::vector<int>& slots) {
  const auto machine = std::make_shared<const Machine>(make_machine({}));
  Cluster cluster;
  for (const int slot : slots) {
    cluster.hosts.push_back(
        {fmt::format("algo-{}", cluster.hosts.size() + 1), "", "", slot, machine, TopologySource::assumed});
  }
  return cluster;
}

struct Spread {
  Indexed<NodeRank, int> slots;
  int world_size;
  Indexed<NodeRank, int> ranks;
};

TEST(SpreadBySlot, IsWhatOpenMpiFourDoes) {
  const Spread measured[] = {
      {{2, 2, 1}, 1, {1, 0, 0}},
      {{2, 2, 1}, 3, {2, 1, 0}},
      {{2, 2, 1}, 5, {2, 2, 1}},
      {{2, 2, 1}, 6, {3, 2, 1}},
      {{2, 2, 1}, 7, {3, 3, 1}},
      {{2, 2, 1}, 8, {3, 3, 2}},
      {{2, 2, 1}, 9, {4, 3, 2}},
      {{2, 2, 1}, 12, {5, 4, 3}},
      {{1, 4, 2}, 5, {1, 4, 0}},
      {{1, 4, 2}, 8, {2, 4, 2}},
      {{1, 4, 2}, 9, {2, 5, 2}},
      {{1, 4, 2}, 10, {2, 5, 3}},
      {{1, 4, 2}, 15, {4, 7, 4}},
      {{3, 1}, 5, {4, 1}},
      {{3, 1}, 6, {4, 2}},
      {{3, 1}, 9, {6, 3}},
      {{1, 1, 1, 1}, 3, {1, 1, 1, 0}},
      {{1, 1, 1, 1}, 9, {3, 2, 2, 2}},
      {{8, 8}, 17, {9, 8}},
      {{2}, 15, {15}},
      {{5, 1, 2, 3}, 8, {5, 1, 2, 0}},
      {{5, 1, 4, 2, 4, 1}, 34, {8, 4, 7, 5, 7, 3}},
      {{3, 5, 4, 5, 2, 3}, 37, {6, 8, 7, 7, 4, 5}},
      {{2, 2, 5, 2, 1, 2}, 35, {6, 6, 9, 5, 4, 5}},
      {{2, 5}, 19, {8, 11}},
  };
  for (const Spread& each : measured) {
    EXPECT_EQ(spread_by_slot(each.slots, each.world_size), each.ranks)
        << testing::PrintToString(each.slots.items());
  }
}

// As Open MPI 4.1.4 does with --map-by node, the hosts of the first line being its own.
TEST(Layout, SpreadsByNodeAsMpirunDoes) {
  const Spread measured[] = {
      {{2, 2, 2}, 6, {2, 2, 2}}, {{1, 4, 2}, 7, {1, 4, 2}}, {{4, 4, 4}, 5, {2, 2, 1}},
      {{4, 1, 4}, 6, {3, 1, 2}}, {{2, 2, 2}, 9, {3, 3, 3}}, {{1, 4, 2}, 9, {3, 3, 3}},
  };
  for (const Spread& each : measured) {
    EXPECT_EQ(spread_by_node(each.slots, each.world_size), each.ranks)
        << testing::PrintToString(each.slots.items());
  }
}

TEST(Layout, RanksAreNumberedInTurnsWhereTheUserAsksForThat) {
  struct Case {
    std::vector<int> slots;
    int world_size;
    HostOrder counting, numbering;
    std::vector<int> hosts;  // by rank
  };
  constexpr HostOrder slot = HostOrder::by_slot, node = HostOrder::by_node;
  const Case measured[] = {
      {{2, 2, 2}, 6, node, node, {0, 1, 2, 0, 1, 2}},
      {{2, 2, 2}, 6, slot, node, {0, 1, 2, 0, 1, 2}},
      {{2, 2, 2}, 6, node, slot, {0, 0, 1, 1, 2, 2}},
      {{1, 4, 2}, 7, node, node, {0, 1, 2, 1, 2, 1, 1}},
      {{1, 4, 2}, 7, slot, node, {0, 1, 2, 1, 2, 1, 1}},
      {{4, 4, 4}, 5, node, node, {0, 1, 2, 0, 1}},
      {{4, 4, 4}, 5, slot, node, {0, 1, 0, 0, 0}},
      {{4, 1, 4}, 6, node, node, {0, 1, 2, 0, 2, 0}},
      {{1, 4, 2}, 9, node, node, {0, 1, 2, 0, 1, 2, 0, 1, 2}},
      {{1, 4, 2}, 9, slot, node, {0, 1, 2, 0, 1, 2, 1, 1, 1}},
  };
  for (const Case& each : measured) {
    LayoutRequest request;
    request.world_size = each.world_size;
    request.counting = each.counting;
    request.numbering = each.numbering;
    const auto layout = place(cluster_of(each.slots), request);
    ASSERT_TRUE(layout.has_value());
    std::vector<int> hosts;
    Indexed<NodeRank, int> next(each.slots.size(), 0);
    for (const RankPlace& place : layout->ranks) {
      EXPECT_EQ(place.rank.value, static_cast<int>(hosts.size()));
      EXPECT_EQ(place.local_rank.value, next[place.node_rank]++);
      hosts.push_back(place.node_rank.value);
    }
    EXPECT_EQ(hosts, each.hosts) << testing::PrintToString(each.slots);
    const auto of_hosts = ranks_of_hosts(*layout);
    for (const NodeRank host : of_hosts.indices()) {
      EXPECT_EQ(of_hosts[host].size(), static_cast<std::size_t>(layout->ranks_per_host[host]));
      for (std::size_t local = 0; local < of_hosts[host].size(); ++local) {
        const RankPlace& place = layout->ranks[of_hosts[host][local]];
        EXPECT_EQ(place.node_rank, host);
        EXPECT_EQ(place.local_rank.value, static_cast<int>(local));
      }
    }
  }
}

TEST(Layout, RanksAreNumberedHostByHost) {
  const auto layout = place(cluster_of({2, 3}), {});
  ASSERT_TRUE(layout.has_value());
  EXPECT_THAT(layout->ranks_per_host, ElementsAre(2, 3));
  EXPECT_FALSE(layout->oversubscribed);
  EXPECT_THAT(layout->warnings, IsEmpty());
  std::vector<std::vector<int>> seen;
  for (const RankPlace& each : layout->ranks) {
    seen.push_back({each.rank.value, each.node_rank.value, each.local_rank.value});
  }
  EXPECT_THAT(seen, ElementsAre(ElementsAre(0, 0, 0), ElementsAre(1, 0, 1), ElementsAre(2, 1, 0),
                                ElementsAre(3, 1, 1), ElementsAre(4, 1, 2)));
}

TEST(Layout, MoreRanksThanSlotsGoRoundAgainWithOneWarning) {
  LayoutRequest request;
  request.world_size = 9;
  const auto layout = place(cluster_of({2, 2, 1}), request);
  ASSERT_TRUE(layout.has_value());
  EXPECT_TRUE(layout->oversubscribed);
  EXPECT_THAT(layout->ranks_per_host, ElementsAre(4, 3, 2));
  EXPECT_THAT(layout->warnings,
              ElementsAre("9 ranks on 3 hosts with 5 slots: 4 more than there are slots, so hosts run "
                          "more ranks than they offer"));
}

TEST(Layout, HostsBeyondTheWorldSizeGetNoRank) {
  LayoutRequest request;
  request.world_size = 3;
  const auto layout = place(cluster_of({2, 2, 2}), request);
  ASSERT_TRUE(layout.has_value());
  EXPECT_FALSE(layout->oversubscribed);
  EXPECT_THAT(layout->ranks_per_host, ElementsAre(2, 1, 0));
  EXPECT_EQ(layout->ranks.size(), 3U);
}

TEST(Layout, RanksThatCannotBePlacedAreSaid) {
  const auto problem = [](const Cluster& cluster, std::optional<int> world_size) {
    LayoutRequest request;
    request.world_size = world_size;
    const auto layout = place(cluster, request);
    return layout ? Error{} : layout.error();
  };
  const auto expected = [](const char* where, const char* what, const char* remedy) {
    return Error{Fault::configuration, {{where, what, remedy}}};
  };
  EXPECT_EQ(problem({}, 4), expected("hosts", "there are none", "name at least one host for the ranks"));
  EXPECT_EQ(problem(cluster_of({2}), 0), expected("world size", "0 is below 1", "ask for at least one rank"));
  EXPECT_EQ(problem(cluster_of({2}), -3),
            expected("world size", "-3 is below 1", "ask for at least one rank"));
  EXPECT_EQ(problem(cluster_of({0, 0}), {}),
            expected("world size", "0 is below 1", "ask for at least one rank"));
  EXPECT_EQ(problem(cluster_of({2}), 20'000'000),
            expected("world size", "20000000 is above 16777216", "ask for fewer ranks"));
}

TEST(Layout, EqualHostsShareTheirPlacements) {
  const auto layout = place(cluster_of({4, 4, 3}), {});
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->ranks[{0}].placement, layout->ranks[{4}].placement);
  EXPECT_NE(layout->ranks[{0}].placement, layout->ranks[{8}].placement)
      << "three ranks divide a machine otherwise than four";
}

TEST(Layout, HostsOfOneKindShareTheirPlacementsToo) {
  Cluster cluster = cluster_of({4, 4});
  Machine own = *cluster.hosts[{0}].machine;
  own.host = "another";
  cluster.hosts[{1}].machine = std::make_shared<const Machine>(own);
  const auto layout = place(cluster, {});
  ASSERT_TRUE(layout.has_value());
  EXPECT_EQ(layout->ranks[{0}].placement, layout->ranks[{4}].placement);
  own.core_cpus.pop_back();
  cluster.hosts[{1}].machine = std::make_shared<const Machine>(own);
  const auto differs = place(cluster, {});
  EXPECT_NE(differs->ranks[{0}].placement, differs->ranks[{4}].placement);
}

TEST(Layout, MoreRanksThanCoresAreAWarning) {
  EXPECT_THAT(place(cluster_of({4, 5, 5}), {})->warnings,
              ElementsAre("algo-2, algo-3 have 4 cores for 5 ranks each: ranks share cores"));
  EXPECT_THAT(place(cluster_of({16}), {})->warnings,
              ElementsAre("algo-1 has 4 cores for 16 ranks: ranks share cores"));
  Cluster unknown = cluster_of({16});
  unknown.hosts[{0}].machine = std::make_shared<const Machine>();
  EXPECT_THAT(place(unknown, {})->warnings, IsEmpty());
}

TEST(Layout, EveryRankHasOnePlaceOnGeneratedClusters) {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<int> slots(1 + random() % 6);
    for (int& slot : slots) slot = static_cast<int>(random() % 5);
    const Indexed<NodeRank, int> slots_of(slots);
    LayoutRequest request;
    request.world_size = 1 + static_cast<int>(random() % 30);
    const auto layout = place(cluster_of(slots), request);
    ASSERT_TRUE(layout.has_value());
    const auto& counts = layout->ranks_per_host;
    ASSERT_EQ(std::accumulate(counts.begin(), counts.end(), 0), *request.world_size);
    ASSERT_EQ(layout->ranks.size(), static_cast<std::size_t>(*request.world_size));
    ASSERT_EQ(layout->oversubscribed, *request.world_size > std::accumulate(slots.begin(), slots.end(), 0));
    Indexed<NodeRank, int> next(slots.size(), 0);
    NodeRank before;
    for (const Rank rank : layout->ranks.indices()) {
      const RankPlace& each = layout->ranks[rank];
      ASSERT_EQ(each.rank, rank);
      ASSERT_EQ(each.local_rank.value, next[each.node_rank]++);
      ASSERT_LE(before, each.node_rank);
      before = each.node_rank;
      ASSERT_NE(each.placement, nullptr);
      if (!layout->oversubscribed) {
        ASSERT_LT(each.local_rank.value, slots_of[each.node_rank]);
      }
    }
  }
}

}  // namespace
}  // namespace smlaunch
