// SPDX-License-Identifier: Apache-2.0
#include "topology/spread_over_nodes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace smlaunch {
namespace {

// Nodes with so many cores of one thread, nobody there.
std::vector<NodeRoom> nodes(const std::vector<int>& cores) {
  std::vector<NodeRoom> all;
  for (const int each : cores) all.push_back({each, each, 0});
  return all;
}

// "0 0 1": the nodes of each rank.
std::string places(const std::vector<NodeRoom>& on, std::size_t ranks) {
  std::string text;
  for (const IdSet& each : spread_over_nodes(on, ranks)) text += (text.empty() ? "" : " ") + to_string(each);
  return text;
}

TEST(SpreadOverNodes, EachRankHasOneNodeAndEachNodeItsPart) {
  EXPECT_EQ(places(nodes({4, 4}), 2), "0 1");
  EXPECT_EQ(places(nodes({4, 4}), 3), "0 0 1");
  EXPECT_EQ(places(nodes({4, 4}), 8), "0 0 0 0 1 1 1 1");
  EXPECT_EQ(places(nodes({12, 4}), 4), "0 0 0 1");
  EXPECT_EQ(places(nodes({1, 16}), 2), "1 1") << "eight cores each, rather than one and sixteen";
}

TEST(SpreadOverNodes, FewerRanksThanNodesTakeSeveralEach) {
  EXPECT_EQ(places(nodes({4, 4}), 1), "0-1");
  EXPECT_EQ(places(nodes(std::vector<int>(8, 16)), 4), "0-1 2-3 4-5 6-7");
  EXPECT_EQ(places(nodes(std::vector<int>(8, 16)), 3), "0-2 3-5 6-7");
  EXPECT_EQ(places(nodes({16, 1, 1, 1}), 2), "0 1-3");
  EXPECT_EQ(places(nodes({4}), 0), "");
}

TEST(SpreadOverNodes, RanksThatAreThereAlreadyCount) {
  EXPECT_EQ(places({{4, 4, 1}, {4, 4, 0}}, 1), "1");
  EXPECT_EQ(places({{4, 4, 2}, {4, 4, 0}}, 2), "1 1");
  EXPECT_EQ(places({{4, 4, 1}, {4, 4, 0}, {4, 4, 0}}, 1), "1-2");
  EXPECT_EQ(places({{4, 4, 1}, {4, 4, 1}}, 2), "0 1");
}

TEST(SpreadOverNodes, ANodeThatIsFullIsLeftToItsOwn) {
  EXPECT_EQ(places({{2, 2, 2}, {8, 8, 6}}, 2), "1 1");
  EXPECT_EQ(places({{2, 2, 3}, {1, 1, 1}}, 1), "0") << "all are full: the largest is shared";
}

TEST(SpreadOverNodes, OnGeneratedMachinesNoNodeIsFilledWhileAnotherIsEmpty) {
  std::mt19937 random(17);
  for (int round = 0; round < 500; ++round) {
    std::vector<int> cores(1 + random() % 6);
    for (int& each : cores) each = 1 + static_cast<int>(random() % 12);
    const std::size_t ranks = random() % 40;
    const auto found = spread_over_nodes(nodes(cores), ranks);
    ASSERT_EQ(found.size(), ranks);
    std::vector<int> load(cores.size(), 0);
    IdSet in_order;
    for (const IdSet& each : found) {
      ASSERT_FALSE(each.empty());
      if (ranks >= cores.size()) {
        ASSERT_EQ(each.size(), 1U);
      }
      for (const int node : each) ++load[static_cast<std::size_t>(node)];
      in_order.insert(in_order.end(), each.begin(), each.end());
    }
    ASSERT_TRUE(std::is_sorted(in_order.begin(), in_order.end()));
    const auto all = std::accumulate(cores.begin(), cores.end(), 0);
    for (std::size_t node = 0; node < cores.size(); ++node) {
      if (static_cast<int>(ranks) <= all) {
        ASSERT_LE(load[node], cores[node]);
      }
      if (ranks > 0 && ranks < cores.size()) {
        ASSERT_EQ(load[node], 1) << "every node is somebody's";
      }
    }
  }
}

}  // namespace
}  // namespace smlaunch
