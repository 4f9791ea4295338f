// SPDX-License-Identifier: Apache-2.0
#include "topology/cluster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Cluster, SaysWhereATopologyCameFrom) {
  EXPECT_EQ(to_string(TopologySource::probed), "probed");
  EXPECT_EQ(to_string(TopologySource::assumed), "assumed");
  EXPECT_EQ(to_string(TopologySource::file), "file");
}

TEST(Cluster, WarnsOfTheMachinesThatAreKnownOnceForAll) {
  Machine fine;
  Machine odd;
  warn(odd, {.subject = "something is wrong"});
  Cluster cluster;
  for (const char* name : {"a", "b", "c", "d"}) {
    Host host;
    host.name = name;
    host.machine = std::make_shared<const Machine>(host.name == "b" ? fine : odd);
    host.source = host.name == "d" ? TopologySource::assumed : TopologySource::probed;
    cluster.hosts.push_back(host);
  }
  EXPECT_THAT(cluster_warnings(cluster), testing::ElementsAre("a, c: something is wrong"));
}

}  // namespace
}  // namespace smlaunch
