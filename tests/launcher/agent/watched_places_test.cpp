// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/watched_places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WatchedPlaces, AreWhereTheJobsVariablesSayThatRanksWrite) {
  Start start;
  start.variables = {{"SM_OUTPUT_DIR", "/opt/ml/output"}, {"SM_MODEL_DIR", "/opt/ml/model"}};
  start.default_variables = {{"NCCL_SOCKET_IFNAME", "eth0"}};
  const WatchedPlaces places = watched_places(start);
  EXPECT_THAT(places.folders, ElementsAre("/opt/ml/output", "/opt/ml/checkpoints", "/opt/ml/model", "/tmp"));
  EXPECT_THAT(places.interfaces, ElementsAre("eth0"));
}

TEST(WatchedPlaces, TheUsersVariablesCountBeforeOurDefaults) {
  Start start;
  start.user_variables = {{"TMPDIR", "/scratch"}, {"NCCL_SOCKET_IFNAME", "=ib0:1,ib1,ib2"}};
  start.default_variables = {{"NCCL_SOCKET_IFNAME", "eth0"}};
  const WatchedPlaces places = watched_places(start);
  EXPECT_THAT(places.folders, ElementsAre("/scratch"));
  EXPECT_THAT(places.interfaces, ElementsAre("ib0", "ib1", "ib2"));
}

TEST(WatchedPlaces, NamesThatAreNoneAreNotLookedFor) {
  for (const char* list : {"^lo,docker", "", "../../etc", ",", "."}) {
    Start start;
    start.variables = {{"NCCL_SOCKET_IFNAME", list}};
    EXPECT_THAT(watched_places(start).interfaces, IsEmpty()) << list;
  }
}

}  // namespace
}  // namespace smlaunch
