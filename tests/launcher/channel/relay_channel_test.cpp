// SPDX-License-Identifier: Apache-2.0
// A leader, the relay of a host and its neighbours in one process, over loopback and a Unix socket.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/steady_time.hpp"
#include "launcher/channel/channel_client.hpp"
#include "launcher/channel/host_relay.hpp"
#include "launcher/channel/local_link.hpp"
#include "launcher/channel/private_folders.hpp"
#include "launcher/channel/relay_messages.hpp"
#include "tests/launcher/channel/loopback_channel.hpp"
#include "tests/launcher/channel/runtime_folder.hpp"

namespace smlaunch {
namespace {

using namespace std::chrono_literals;

// One agent of the host.
struct FakeAgent {
  FakeAgent(boost::asio::io_context& loop, int port, int rank, std::chrono::milliseconds first_bound = 10s)
      : client(loop, "127.0.0.1", port, loopback_token, hello_of(rank), first_bound) {}
  static Hello hello_of(int rank) {
    Hello hello;
    hello.host = "algo-1";
    hello.peer = rank;
    hello.local_rank = rank;
    hello.instance = fmt::format("instance {}", rank);
    return hello;
  }
  void start() {
    client.start({.frame = [this](const Frame& frame) { heard.push_back(frame.kind); },
                  .acknowledged = [this] { ++acknowledged; },
                  .lost = [this] { is_lost = true; },
                  .none = [](const std::string&) {},
                  .fill_pong = {},
                  .other_token = {},
                  .refused = {}});
  }
  void say(const std::string& line) { client.send_data(FrameKind::output, encode_output({false, 1, line})); }
  [[nodiscard]] bool has_heard(FrameKind kind) const {
    return std::find(heard.begin(), heard.end(), kind) != heard.end();
  }

  ChannelClient client;
  std::vector<FrameKind> heard;
  int acknowledged = 0;
  bool is_lost = false;
};

// Ranks 0 to 2 of one host, of which rank 0 is the relay; rank 3 is elsewhere.
struct RelayedHost : LoopbackChannel {
  RelayedHost() : LoopbackChannel(4) {
    server.set_callbacks(
        {.joined = [this](Peer peer, const Hello&) { note("{} joined", peer); },
         .data =
             [this](Peer peer, const Frame& frame) {
               note(frame.kind == FrameKind::output
                        ? "{} said " + std::string(decode_output(frame.payload)->lines)
                        : "{} has ended",
                    peer);
             },
         .pong = [this](Peer peer, const Pong&) { ++pongs[peer.value]; },
         .stop_requested = {},
         .lost = [this](Peer peer, std::uint64_t, const std::string&) { note("{} lost", peer); },
         .refused = [this](Peer peer, const std::string& what) { note("{} refused: " + what, peer); },
         .left = [this](Peer peer) { note("{} left", peer); }});
    listen();
    server.begin_ranks(4, loopback_token);
    server.let_carry({Peer{0}, Peer{0}, Peer{0}, Peer{3}});
    for (int rank = 0; rank < 3; ++rank) agents.push_back(std::make_unique<FakeAgent>(loop, port, rank));
    relay = std::make_unique<HostRelay>(loop, 0);
    EXPECT_TRUE(relay->listen(name));
    agents[0]->client.set_carrier(*relay);
    for (int rank = 1; rank < 3; ++rank) agents[static_cast<std::size_t>(rank)]->client.set_relay(name);
  }
  ~RelayedHost() {
    for (const auto& agent : agents) agent->client.stop();
  }
  void note(const std::string& text, Peer peer) {
    heard.push_back(text.starts_with("{}") ? std::to_string(peer.value) + text.substr(2) : text);
  }
  void start_all() {
    for (const auto& agent : agents) agent->start();
    run_until_heard(3);
    std::sort(heard.begin(), heard.end());
    EXPECT_EQ(heard, (std::vector<std::string>{"0 joined", "1 joined", "2 joined"}));
    heard.clear();
    run_until([&] {
      return std::all_of(agents.begin(), agents.end(),
                         [](const auto& agent) { return agent->acknowledged > 0; });
    });
  }
  void end_relay() {
    agents[0]->client.stop();
    agents[0] = std::make_unique<FakeAgent>(loop, port, 0);
    relay.reset();
  }

  RuntimeFolder folder;
  std::string name = relay_socket_name(loopback_token, "algo-1");
  std::unique_ptr<HostRelay> relay;
  std::vector<std::unique_ptr<FakeAgent>> agents;
  int pongs[4] = {};
};

TEST(RelayedChannel, NeighboursJoinAndSpeakInsideTheRelaysConnection) {
  RelayedHost host;
  host.start_all();
  EXPECT_TRUE(host.relay->has_neighbours());
  EXPECT_EQ(host.server.strangers(), 0U);
  host.agents[1]->say("a\n");
  host.agents[1]->say("b\n");
  host.run_until_heard(2);
  EXPECT_EQ(host.heard, (std::vector<std::string>{"1 said a\n", "1 said b\n"}));
}

TEST(RelayedChannel, OnePingOfTheLeaderIsAnsweredByAll) {
  RelayedHost host;
  host.start_all();
  host.run_until([&] { return host.pongs[0] == 1 && host.pongs[1] == 1 && host.pongs[2] == 1; });
  host.server.ping_all();
  host.run_until([&] { return host.pongs[0] == 2 && host.pongs[1] == 2 && host.pongs[2] == 2; });
}

TEST(RelayedChannel, WhatTheLeaderTellsOneReachesItAlone) {
  RelayedHost host;
  host.start_all();
  host.server.signal(Peer{2}, 15);
  host.server.signal(Peer{0}, 10);
  host.run_until([&] { return host.agents[2]->has_heard(FrameKind::signal); });
  EXPECT_FALSE(host.agents[1]->has_heard(FrameKind::signal));
}

TEST(RelayedChannel, TheSocketIsGoneWhenRanksStart) {
  RelayedHost host;
  EXPECT_TRUE(host.folder.has_socket(host.name));
  host.start_all();
  host.server.start(Peer{0}, Start{});
  host.run_until([&] { return host.agents[0]->has_heard(FrameKind::start); });
  EXPECT_FALSE(host.folder.has_socket(host.name));
  EXPECT_TRUE(host.relay->has_neighbours());
}

TEST(RelayedChannel, WithoutItsRelayANeighbourComesByItselfAndNothingIsLost) {
  RelayedHost host;
  host.start_all();
  host.agents[1]->say("a\n");
  host.run_until_heard(1);
  host.end_relay();
  host.agents[1]->say("b\n");
  host.agents[2]->say("c\n");
  host.run_until([&] { return host.heard.size() >= 4; });
  std::sort(host.heard.begin(), host.heard.end());
  EXPECT_EQ(host.heard, (std::vector<std::string>{"0 lost", "1 said a\n", "1 said b\n", "2 said c\n"}));
}

TEST(RelayedChannel, ANeighbourIsLostAlone) {
  RelayedHost host;
  host.start_all();
  host.agents[2]->client.stop();
  host.run_until_heard(1);
  EXPECT_EQ(host.heard, (std::vector<std::string>{"2 lost"}));
  host.agents[1]->say("a\n");
  host.run_until_heard(2);
  EXPECT_EQ(host.heard.back(), "1 said a\n");
}

TEST(RelayedChannel, ANeighbourThatHasEndedHasNotLeftWhenItsRelayIsGone) {
  RelayedHost host;
  host.start_all();
  host.agents[1]->client.send_data(FrameKind::ended, encode(Ended{}));
  host.run_until_heard(1);
  host.end_relay();
  host.run_until_heard(2);
  EXPECT_EQ(host.heard, (std::vector<std::string>{"1 has ended", "0 lost"}));
  host.server.release_agents(4, {});
  host.run_until([&] { return host.agents[1]->has_heard(FrameKind::release); });
}

TEST(RelayedChannel, ANeighbourThatSaysWhatItMayNotIsNamedAndClosedAlone) {
  RelayedHost host;
  host.start_all();
  host.agents[1]->client.send(FrameKind::relayed_up,
                              std::string(4, '\0') + encode_frame(FrameKind::pong, ""));
  host.run_until_heard(1);
  EXPECT_EQ(host.heard, (std::vector<std::string>{"1 refused: a frame of the kind 17 (relayed_up)"}));
  host.agents[2]->client.send_data(FrameKind::output, encode_output({false, 1, "endless"}));
  host.run_until_heard(2);
  EXPECT_EQ(host.heard.back(), "2 refused: an output that is not made of whole lines");
  host.agents[0]->say("a\n");
  host.run_until_heard(3);
  EXPECT_EQ(host.heard.back(), "0 said a\n");
}

TEST(RelayedChannel, ARelayThatSpeaksForAnotherHostIsNamedAndItsNeighboursComeByThemselves) {
  RelayedHost host;
  host.start_all();
  host.agents[0]->client.send(FrameKind::relayed_up,
                              std::string("\x03\0\0\0", 4) + encode_frame(FrameKind::pong, ""));
  host.run_until_heard(1);
  EXPECT_EQ(host.heard, (std::vector<std::string>{"0 refused: a frame of rank 3, which it does not carry"}));
  host.agents[1]->say("a\n");
  host.run_until_heard(2);
  EXPECT_EQ(host.heard.back(), "1 said a\n");
}

TEST(RelayedChannel, WhoIsNoRelayCarriesNobody) {
  RelayedHost host;
  host.server.let_carry({});
  FakeAgent alone(host.loop, host.port, 3);
  alone.start();
  host.run_until([&] { return alone.acknowledged > 0; });
  alone.client.send(FrameKind::relayed_up, std::string(4, '\0') + encode_frame(FrameKind::pong, ""));
  host.run_until_heard(2);
  EXPECT_EQ(host.heard.back(), "3 refused: a frame of the kind 17 (relayed_up)");
  alone.client.stop();
}

TEST(RelayedChannel, WhereTheLeaderReadsNothingNeighboursAreHeldBackAndAllArrivesLater) {
  RelayedHost host;
  host.start_all();
  host.server.pause(true);
  const std::string line = std::string(1U << 20U, 'x') + "\n";
  constexpr std::size_t lines = 24;
  for (std::size_t i = 0; i < lines; ++i) host.agents[1]->say(line);
  host.loop.restart();
  host.loop.run_for(200ms);
  EXPECT_TRUE(host.heard.empty());
  host.server.pause(false);
  host.run_until_heard(lines);
  EXPECT_EQ(host.heard, std::vector<std::string>(lines, "1 said " + line));
}

TEST(RelayedChannel, WhoFindsNoRelayComesByItself) {
  RelayedHost host;
  host.end_relay();
  FakeAgent alone(host.loop, host.port, 3);
  alone.client.set_relay(host.name);
  const std::uint64_t begin = steady_now_ns();
  alone.start();
  while (host.heard.empty() && steady_now_ns() - begin < 10'000'000'000) {
    host.loop.restart();
    host.loop.run_one_for(10ms);
  }
  EXPECT_EQ(host.heard, (std::vector<std::string>{"3 joined"}));
  alone.client.stop();
}

// The relay's connection to a leader that takes as much as the test says.
struct SlowLeader final : Connection {
  void start(OnFrame, OnClosed) override {}
  void trust() override {}
  void send(std::string bytes) override { sent += bytes; }
  void pause_reading(bool) override {}
  [[nodiscard]] std::size_t waiting_bytes() const override { return waiting; }
  void on_room(std::function<void()> call) override { room = std::move(call); }
  [[nodiscard]] std::uint64_t heard_ns() const override { return 0; }
  void close() override {}

  std::string sent;
  std::size_t waiting = 0;
  std::function<void()> room;
};

TEST(HostRelay, ReadsItsNeighboursNoFasterThanTheLeaderTakesWhatTheySay) {
  const RuntimeFolder folder;
  boost::asio::io_context loop;
  HostRelay relay(loop, 0);
  ASSERT_TRUE(relay.listen("relay-of-test"));
  const auto leader = std::make_shared<SlowLeader>();
  relay.leader_came(leader);
  const auto neighbour = LocalLink::connect(loop, "relay-of-test");
  ASSERT_TRUE(neighbour);
  neighbour->start([](Frame&&) {}, [](const std::string&) {});
  const auto run_until_sent = [&](std::size_t least) {
    const std::uint64_t begin = steady_now_ns();
    while (leader->sent.size() < least && steady_now_ns() - begin < 10'000'000'000) {
      loop.restart();
      loop.run_one_for(10ms);
    }
    ASSERT_GE(leader->sent.size(), least);
  };
  neighbour->send(encode_frame(FrameKind::hello, encode(FakeAgent::hello_of(1))));
  run_until_sent(1);
  FrameReader reader(most_in_first_frame);
  reader.feed(encode_relayed(FrameKind::relayed_down, 1, encode_frame(FrameKind::welcome, "")));
  relay.told(*reader.next());

  constexpr std::size_t much = 256U << 10U;
  const std::string line =
      encode_data_frame(FrameKind::output, 1, encode_output({false, 1, std::string(much, 'x') + "\n"}));
  leader->waiting = 2U << 20U;
  const std::size_t before = leader->sent.size();
  neighbour->send(line);
  run_until_sent(before + much);
  const std::size_t held = leader->sent.size();
  neighbour->send(line);
  loop.restart();
  loop.run_for(100ms);
  EXPECT_EQ(leader->sent.size(), held);
  leader->waiting = 0;
  leader->room();
  run_until_sent(held + much);
  neighbour->close();
}

}  // namespace
}  // namespace smlaunch
