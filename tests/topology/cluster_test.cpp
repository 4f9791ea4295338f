// SPDX-License-Identifier: Apache-2.0
#include "topology/cluster.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(Cluster, SaysWhereATopologyCameFrom) {
  EXPECT_EQ(to_string(TopologySource::probed), "probed");
  EXPECT_EQ(to_string(TopologySource::assumed), "assumed");
  EXPECT_EQ(to_string(TopologySource::file), "file");
}

}  // namespace
}  // namespace smlaunch
