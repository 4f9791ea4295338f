// SPDX-License-Identifier: Apache-2.0
// Nodes, which come by themselves: both ends of the channel in one process, over loopback.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "launcher/channel/channel_client.hpp"
#include "tests/launcher/channel/loopback_channel.hpp"

namespace smlaunch {
namespace {

using namespace std::chrono_literals;

// A job of two ranks on three hosts that start themselves: peers 0 and 1 are ranks, the nodes come after them.
struct Nodes : LoopbackChannel {
  int data = 0;  // frames

  Nodes() : LoopbackChannel(5) {
    LeaderChannel::Callbacks callbacks;
    callbacks.joined = [this](Peer peer, const Hello& hello) {
      heard.push_back(std::to_string(peer.value) + " is " + hello.host);
    };
    callbacks.stranger = [this](const Stranger& stranger) {
      if (heard.empty() || heard.back() != stranger.what) heard.push_back(stranger.what);
    };
    callbacks.data = [this](Peer, const Frame&) { ++data; };
    callbacks.lost = [this](Peer peer, std::uint64_t, const std::string& why) {
      heard.push_back(std::to_string(peer.value) + " is lost: " + why);
    };
    server.set_callbacks(std::move(callbacks));
    server.expect_nodes(Peer{2});
  }
  // `instance`: of the process; empty: the host's name tells it from others.
  std::unique_ptr<ChannelClient> make_node(int node_rank, const std::string& host,
                                           const std::string& its_token = loopback_token,
                                           const std::string& instance = "",
                                           const std::string& at = "127.0.0.1") {
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.host = host;
    hello.pid = 1;
    hello.instance = instance.empty() ? host : instance;
    hello.node_rank = node_rank;
    return std::make_unique<ChannelClient>(loop, at, port, its_token, hello, 10s, true);
  }
};

PeerChannel::Callbacks quiet() {
  return {[](const Frame&) {}, [] {}, [] {}, [](const std::string&) {}, {}, [] {}};
}

TEST(NodeChannel, ANodeSaysItsRankAndIsThePeerBehindTheRanks) {
  Nodes nodes;
  nodes.listen();
  const auto node = nodes.make_node(2, "pod-2");
  node->start(quiet());
  nodes.run_until_heard(1);
  EXPECT_EQ(nodes.heard, (std::vector<std::string>{"4 is pod-2"}));
  node->stop();
}

TEST(NodeChannel, ANodeMayBeThereBeforeItsLeader) {
  Nodes nodes;
  nodes.listen();
  nodes.server.close();
  const auto node = nodes.make_node(1, "pod-1");
  bool has_given_up = false;
  auto callbacks = quiet();
  callbacks.none = [&](const std::string&) { has_given_up = true; };
  node->start(callbacks);
  nodes.loop.run_for(100ms);
  EXPECT_FALSE(has_given_up);
  ChannelServer late(nodes.loop, loopback_token, 5, 10s);
  late.expect_nodes(Peer{2});
  bool has_come = false;
  LeaderChannel::Callbacks of_late;
  of_late.joined = [&](Peer, const Hello&) { has_come = true; };
  of_late.lost = [](Peer, std::uint64_t, const std::string&) {};
  late.set_callbacks(std::move(of_late));
  ASSERT_TRUE(late.listen("127.0.0.1", nodes.port));
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!has_come && std::chrono::steady_clock::now() < deadline) nodes.loop.run_one_for(100ms);
  EXPECT_TRUE(has_come);
  node->stop();
}

TEST(NodeChannel, ANodeWithAnotherTokenLearnsItAndIsTold) {
  Nodes nodes;
  nodes.listen();
  const auto node = nodes.make_node(1, "pod-1", "another secret");
  bool is_refused = false;
  auto callbacks = quiet();
  callbacks.other_token = [&] { is_refused = true; };
  node->start(callbacks);
  nodes.run_until_heard(1);
  for (int i = 0; i < 100 && !is_refused; ++i) nodes.loop.run_one_for(100ms);
  EXPECT_TRUE(is_refused);
  EXPECT_EQ(nodes.heard, (std::vector<std::string>{"127.0.0.1 has come with another token"}));
}

TEST(NodeChannel, ANodeThatIsNoneOfTheJobsOrASecondOneIsTurnedAway) {
  Nodes nodes;
  nodes.listen();
  const auto none = nodes.make_node(3, "pod-3");
  none->start(quiet());
  nodes.run_until_heard(1);
  none->stop();
  const auto first = nodes.make_node(1, "pod-1");
  first->start(quiet());
  nodes.run_until_heard(2);
  const auto second = nodes.make_node(1, "pod-x");
  second->start(quiet());
  nodes.run_until_heard(3);
  EXPECT_EQ(nodes.heard,
            (std::vector<std::string>{"pod-3 says that it is node rank 3, and the job has 3 hosts",
                                      "3 is pod-1", "pod-x says that it is node rank 1, and so does pod-1"}));
  second->stop();
  first->stop();
}

// In a container it has the same name and the same pid.
TEST(NodeChannel, ANodeThatWasStartedAgainIsANewOneAndTheOneBeforeItIsLost) {
  Nodes nodes;
  nodes.listen();
  auto first = nodes.make_node(1, "pod-1", loopback_token, "first");
  first->start(quiet());
  nodes.run_until_heard(1);
  first->send_data(FrameKind::agents_ended, encode(AgentsEnded{1, "", {}}));
  for (int i = 0; i < 100 && nodes.data == 0; ++i) nodes.loop.run_one_for(100ms);
  nodes.server.start_agents(Peer{3}, {});
  first->stop();
  nodes.loop.run_for(100ms);
  const auto again = nodes.make_node(1, "pod-1", loopback_token, "second");
  std::vector<FrameKind> told;
  auto callbacks = quiet();
  callbacks.frame = [&](const Frame& frame) { told.push_back(frame.kind); };
  again->start(callbacks);
  nodes.run_until_heard(3);
  EXPECT_EQ(nodes.heard, (std::vector<std::string>{"3 is pod-1", "3 is lost: its smlaunch was started again",
                                                   "3 is pod-1"}));
  // Its first word is news, though the process before it has said as many.
  again->send_data(FrameKind::agents_ended, encode(AgentsEnded{1, "", {}}));
  for (int i = 0; i < 100 && nodes.data == 1; ++i) nodes.loop.run_one_for(100ms);
  EXPECT_EQ(nodes.data, 2);
  EXPECT_TRUE(told.empty()) << "what the process before it was told";
  again->stop();
}

TEST(NodeChannel, ANodeThatTakesItsConnectionUpAgainIsTheSame) {
  Nodes nodes;
  nodes.listen();
  auto first = nodes.make_node(1, "pod-1", loopback_token, "first");
  first->start(quiet());
  nodes.run_until_heard(1);
  nodes.server.start_agents(Peer{3}, {});
  first->stop();
  nodes.loop.run_for(100ms);
  const auto again = nodes.make_node(1, "pod-1", loopback_token, "first");
  std::vector<FrameKind> told;
  auto callbacks = quiet();
  callbacks.frame = [&](const Frame& frame) { told.push_back(frame.kind); };
  again->start(callbacks);
  for (int i = 0; i < 100 && told.empty(); ++i) nodes.loop.run_one_for(100ms);
  EXPECT_EQ(told, (std::vector<FrameKind>{FrameKind::start_agents}));
  EXPECT_EQ(nodes.heard.size(), 1U);
  again->stop();
}

TEST(NodeChannel, WhoeverIsTurnedAwayLearnsWhyAndASecondOneIsGivenTime) {
  Nodes nodes;
  nodes.listen();
  std::string why;
  auto callbacks = quiet();
  callbacks.refused = [&](const std::string& reason) { why = reason; };
  const auto none = nodes.make_node(3, "pod-3");
  none->start(callbacks);
  for (int i = 0; i < 100 && why.empty(); ++i) nodes.loop.run_one_for(100ms);
  EXPECT_EQ(why, "pod-3 says that it is node rank 3, and the job has 3 hosts");

  const auto first = nodes.make_node(1, "pod-1");
  first->start(quiet());
  nodes.run_until_heard(2);
  why.clear();
  const auto second = nodes.make_node(1, "pod-x");
  second->start(callbacks);
  nodes.run_until_heard(3);
  nodes.loop.run_for(100ms);
  EXPECT_EQ(why, "") << "the first may be gone, and not missed yet";
  first->stop();
  nodes.run_until_heard(5);
  EXPECT_EQ(nodes.heard.back(), "3 is pod-x");
  const auto third = nodes.make_node(1, "pod-y");
  third->set_lost_after(0ms);
  third->start(callbacks);
  for (int i = 0; i < 100 && why.empty(); ++i) nodes.loop.run_one_for(100ms);
  EXPECT_EQ(why, "pod-y says that it is node rank 1, and so does pod-x");
  second->stop();
}

bool has_ipv6() {
  boost::asio::io_context loop;
  boost::system::error_code error;
  boost::asio::ip::tcp::acceptor acceptor(loop);
  acceptor.open(boost::asio::ip::tcp::v6(), error);
  if (!error) acceptor.bind({boost::asio::ip::make_address("::1"), 0}, error);
  return !error;
}

TEST(NodeChannel, NodesComeByEitherKindOfAddress) {
  Nodes nodes;
  nodes.listen("::");
  const auto first = nodes.make_node(1, "pod-1");
  first->start(quiet());
  nodes.run_until_heard(1);
  EXPECT_EQ(nodes.heard, (std::vector<std::string>{"3 is pod-1"}));
  first->stop();
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  const auto second = nodes.make_node(2, "pod-2", loopback_token, "", "::1");
  second->start(quiet());
  nodes.run_until_heard(2);
  EXPECT_EQ(nodes.heard[1], "4 is pod-2");
  second->stop();
}

TEST(NodeChannel, WhenAllNodesAreInOthersAreHeardOnlyWhereTheseHaveCome) {
  Nodes nodes;
  nodes.listen("::");
  const auto first = nodes.make_node(1, "pod-1", loopback_token, "", "127.0.0.2");
  first->start(quiet());
  nodes.run_until_heard(1);
  nodes.server.begin_ranks(2, "of the ranks");
  const auto second = nodes.make_node(2, "pod-2", loopback_token, "", "127.0.0.3");
  second->start(quiet());
  nodes.run_until_heard(2);
  EXPECT_EQ(nodes.heard.back(), "4 is pod-2") << "one was missing";
  nodes.server.begin_ranks(2, "of the ranks");
  Hello hello;
  ChannelClient elsewhere(nodes.loop, "127.0.0.4", nodes.port, "of the ranks", hello, 10s);
  elsewhere.start(quiet());
  hello.peer = 1;
  hello.host = "agent";
  ChannelClient there(nodes.loop, "127.0.0.2", nodes.port, "of the ranks", hello, 10s);
  there.start(quiet());
  nodes.run_until_heard(3);
  nodes.loop.run_for(100ms);
  EXPECT_EQ(nodes.heard.size(), 3U);
  EXPECT_EQ(nodes.heard.back(), "1 is agent");
  for (ChannelClient* each : {first.get(), second.get(), &elsewhere, &there}) each->stop();
}

// A server that finds keys, as it does by munge.
struct Found : Nodes {
  int asked = 0;
  std::string known = "made up";
  Found() {
    server.expect_nodes(Peer{2}, [this](std::string_view identity) {
      ++asked;
      const ChannelKey key = make_channel_key(known);
      return identity == key.identity ? std::optional(key) : std::nullopt;
    });
    listen();
  }
  std::unique_ptr<ChannelClient> make(int node_rank, const std::string& its_token,
                                      std::chrono::seconds bound) {
    Hello hello;
    hello.version = SMLAUNCH_VERSION;
    hello.host = hello.instance = "gn" + std::to_string(node_rank);
    hello.node_rank = node_rank;
    auto made = std::make_unique<ChannelClient>(loop, "127.0.0.1", port, "", hello, bound, true);
    made->set_make_key([this, its_token] {
      ++keys;
      return std::optional(make_channel_key(its_token));
    });
    return made;
  }
  int keys = 0;
};

TEST(NodeChannel, WhoHasComeByAKeyThatWasFoundComesAgainByTheToken) {
  Found found;
  const auto node = found.make(1, "made up", 10s);
  int times_in = 0;
  auto callbacks = quiet();
  callbacks.acknowledged = [&] { ++times_in; };
  node->start(callbacks);
  for (int i = 0; i < 100 && times_in == 0; ++i) found.loop.run_one_for(100ms);
  EXPECT_EQ(found.heard, (std::vector<std::string>{"3 is gn1"}));
  found.known = "no more";
  found.server.close();
  found.listen();
  for (int i = 0; i < 100 && times_in == 1; ++i) found.loop.run_one_for(100ms);
  EXPECT_EQ(times_in, 2);
  EXPECT_EQ(found.keys, 1);
  node->stop();
}

TEST(NodeChannel, AKeyIsTriedAgainUntilTheBoundWhereItIsNotFound) {
  Found found;
  const auto late = found.make(1, "another", 10s);
  bool is_refused = false;
  auto callbacks = quiet();
  callbacks.other_token = [&] { is_refused = true; };
  late->start(callbacks);
  found.run_until_heard(1);
  EXPECT_EQ(found.heard, (std::vector<std::string>{"127.0.0.1 has come, and munge does not vouch for it"}));
  EXPECT_FALSE(is_refused);
  found.known = "another";
  found.run_until_heard(2);
  EXPECT_EQ(found.heard.back(), "3 is gn1");
  late->stop();

  const auto never = found.make(2, "a third", 0s);
  never->start(callbacks);
  for (int i = 0; i < 100 && !is_refused; ++i) found.loop.run_one_for(100ms);
  EXPECT_TRUE(is_refused);
}

TEST(NodeChannel, NoKeyIsLookedForWhileAllNodesAreIn) {
  Found found;
  const auto first = found.make(1, "made up", 10s);
  const auto second = found.make(2, "made up", 10s);
  first->start(quiet());
  second->start(quiet());
  found.run_until_heard(2);
  const int asked = found.asked;
  const auto stranger = found.make(1, "made up", 10s);
  stranger->start(quiet());
  found.run_until_heard(3);
  EXPECT_EQ(found.heard.back(), "127.0.0.1 has come, and munge does not vouch for it");
  EXPECT_EQ(found.asked, asked);
  for (const auto* each : {&first, &second, &stranger}) (*each)->stop();
}

}  // namespace
}  // namespace smlaunch
