// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/node_rules.hpp"

#include <gtest/gtest.h>

#include "launcher/channel/token.hpp"

namespace smlaunch {
namespace {

Hello hello_of(int node_rank) {
  Hello hello;
  hello.version = SMLAUNCH_VERSION;
  hello.host = "pod-1";
  hello.instance = "a";
  hello.node_rank = node_rank;
  hello.nodes = 3;
  return hello;
}

std::string reason(const Hello& hello, const NodePlace& place = {}) {
  const auto refusal = refuse_node(hello, 3, place);
  if (!refusal) return "";
  return refusal->reason + (refusal->may_pass ? " (now)" : "");
}

TEST(RefuseNode, LetsThoseInWhoAreOfThisJob) {
  EXPECT_EQ(reason(hello_of(0)), "");
  EXPECT_EQ(reason(hello_of(2)), "");
  Hello silent = hello_of(1);
  silent.nodes.reset();
  EXPECT_EQ(reason(silent), "");
}

TEST(RefuseNode, SaysWhyItLetsSomebodyNotIn) {
  EXPECT_EQ(reason(hello_of(3)), "pod-1 says that it is node rank 3, and the job has 3 hosts");
  Hello other = hello_of(1);
  other.nodes = 4;
  EXPECT_EQ(reason(other), "pod-1, node rank 1, was started for a job of 4 hosts, and this one has 3");
  other = hello_of(1);
  other.version = "0.1";
  EXPECT_EQ(reason(other), "pod-1, node rank 1, runs smlaunch 0.1, and this is " SMLAUNCH_VERSION);
  EXPECT_EQ(reason(hello_of(1), {"pod-x", "b", false, true}), "pod-x, node rank 1, has sent what it may not");
}

TEST(RefuseNode, TellsTheCauseAsAValue) {
  const auto cause = [](const Hello& hello, const NodePlace& place = {}) {
    return refuse_node(hello, 3, place)->why;
  };
  EXPECT_EQ(cause(hello_of(3)), TurnedAway::no_such_node);
  Hello other = hello_of(1);
  other.nodes = 4;
  EXPECT_EQ(cause(other), TurnedAway::other_size);
  other.version = "0.1";
  EXPECT_EQ(cause(other), TurnedAway::other_version);
  EXPECT_EQ(cause(hello_of(1), {"pod-x", "b", false, true}), TurnedAway::misbehaved);
  EXPECT_EQ(cause(hello_of(1), {"pod-1", "b", true, false}), TurnedAway::node_is_taken);
}

TEST(RefuseNode, APlaceIsTakenByAnotherProcessWhileThatIsConnected) {
  EXPECT_EQ(reason(hello_of(1), {"pod-1", "b", true, false}),
            "pod-1 says that it is node rank 1, and so does pod-1 (now)");
  EXPECT_EQ(reason(hello_of(1), {"pod-1", "b", false, false}), "");
  EXPECT_EQ(reason(hello_of(1), {"pod-1", "a", true, false}), "") << "its new connection";
}

TEST(OwnInstance, IsTheSameHoweverOftenItIsAsked) {
  EXPECT_EQ(own_instance(), own_instance());
  EXPECT_EQ(own_instance().size(), 32U);
  EXPECT_NE(own_instance(), make_nonce());
}

}  // namespace
}  // namespace smlaunch
