// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/carried_links.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "base/steady_time.hpp"

namespace smlaunch {
namespace {

// The relay's connection.
struct RelaysConnection final : Connection {
  void start(OnFrame, OnClosed) override {}
  void trust() override {}
  void send(std::string bytes) override { sent.push_back(std::move(bytes)); }
  void pause_reading(bool) override {}
  [[nodiscard]] std::uint64_t heard_ns() const override { return heard; }
  void close() override {}
  [[nodiscard]] const std::string& identity() const override { return key; }

  std::string key = "key of ranks";
  std::vector<std::string> sent;
  std::uint64_t heard = 0;
};

// Rank 8 carries ranks 9 and 10.
struct CarriedPair {
  CarriedPair()
      : links(std::make_shared<CarriedLinks>(
            loop.get_executor(), relay, [](int rank) { return rank == 9 || rank == 10; },
            [this](const std::shared_ptr<Connection>& link, const Hello& hello) {
              heard.push_back(fmt::format("hello of {}", hello.peer));
              links_by_rank[hello.peer] = link;
              link->start(
                  [this, rank = hello.peer](Frame&& frame) {
                    heard.push_back(fmt::format("{} of {}", static_cast<int>(frame.kind), rank));
                  },
                  [this, rank = hello.peer](const std::string& why) {
                    heard.push_back(fmt::format("{} is gone: {}", rank, why));
                  });
            })) {}

  std::string take(const std::string& bytes) {
    FrameReader reader(most_in_frame + most_around_frame);
    reader.feed(bytes);
    return links->take(*reader.next()).value_or("");
  }
  std::string says(int rank, const std::string& frame) {
    return take(encode_relayed(FrameKind::relayed_up, rank, frame));
  }
  std::string says_hello(int rank, int as) {
    Hello hello;
    hello.peer = as;
    return says(rank, encode_frame(FrameKind::hello, encode(hello)));
  }
  void run() {
    loop.restart();
    loop.run();
  }

  boost::asio::io_context loop;
  std::shared_ptr<RelaysConnection> relay = std::make_shared<RelaysConnection>();
  std::vector<std::string> heard;
  std::map<int, std::shared_ptr<Connection>> links_by_rank;
  std::shared_ptr<CarriedLinks> links;
};

const std::string pong_bytes = encode_frame(FrameKind::pong, "");

TEST(CarriedLinks, EachNeighbourIsHeardByItsOwnConnection) {
  CarriedPair carried;
  EXPECT_EQ(carried.says_hello(9, 9), "");
  EXPECT_EQ(carried.says_hello(10, 10), "");
  EXPECT_EQ(carried.says(10, pong_bytes), "");
  EXPECT_EQ(carried.says(9, encode_data_frame(FrameKind::output, 1, "")), "");
  EXPECT_EQ(carried.heard, (std::vector<std::string>{"hello of 9", "hello of 10", "5 of 10", "34 of 9"}));
  EXPECT_EQ(carried.links_by_rank.at(9)->identity(), "key of ranks");
}

TEST(CarriedLinks, WhatIsSaidInOneTurnGoesAtOnce) {
  CarriedPair carried;
  carried.says_hello(9, 9);
  carried.says_hello(10, 10);
  const std::string ack = encode_frame(FrameKind::ack, "1");
  carried.links_by_rank.at(9)->send(ack);
  carried.links_by_rank.at(10)->send(ack);
  carried.links_by_rank.at(10)->ping("the relay has its own");
  EXPECT_TRUE(carried.relay->sent.empty());
  carried.run();
  EXPECT_EQ(carried.relay->sent,
            (std::vector<std::string>{encode_relayed(FrameKind::relayed_down, 9, ack) +
                                      encode_relayed(FrameKind::relayed_down, 10, ack)}));
  const std::string much = encode_frame(FrameKind::start, std::string(1U << 20U, 'x'));
  carried.links_by_rank.at(9)->send(much);
  EXPECT_EQ(carried.relay->sent.size(), 2U) << "it waits for nothing else";
}

TEST(CarriedLinks, ARelayMayNotSpeakForOthers) {
  struct Case {
    std::string frame;
    std::string why;
  };
  Hello node;
  node.peer = 9;
  node.node_rank = 1;
  const auto up = [](int rank, const std::string& frame) {
    return encode_relayed(FrameKind::relayed_up, rank, frame);
  };
  const std::vector<Case> cases = {
      {up(11, pong_bytes), "a frame of rank 11, which it does not carry"},
      {up(8, pong_bytes), "a frame of rank 8, which it does not carry"},
      {up(9, encode_frame(FrameKind::hello, "x")), "a broken hello of a neighbour"},
      {up(9, encode_frame(FrameKind::hello, encode(Hello{}))), "a broken hello of a neighbour"},
      {up(9, encode_frame(FrameKind::hello, encode(node))), "a broken hello of a neighbour"},
      {up(9, pong_bytes + "x"), "a broken relayed_up"},
      {up(9, ""), "a broken relayed_up"},
      {encode_notice(FrameKind::relayed_end, {11, 0}), "a word of rank 11, which it does not carry"},
      {encode_notice(FrameKind::relayed_quiet, {8, 5}), "a word of rank 8, which it does not carry"},
      {encode_frame(FrameKind::relayed_quiet, "x"), "a broken relayed frame of the kind 20"},
      {encode_relayed(FrameKind::relayed_down, 9, pong_bytes), "a broken relayed frame of the kind 18"}};
  for (const Case& each : cases) {
    CarriedPair carried;
    EXPECT_EQ(carried.take(each.frame), each.why);
    EXPECT_TRUE(carried.heard.empty());
  }
}

TEST(CarriedLinks, ARankThatIsOnAnotherHostThanPlannedIsSentAway) {
  CarriedPair carried;
  EXPECT_EQ(carried.says_hello(11, 11), "");
  carried.run();
  EXPECT_TRUE(carried.heard.empty());
  EXPECT_EQ(carried.relay->sent, (std::vector<std::string>{encode_notice(FrameKind::relayed_end, {11, 0})}));
}

TEST(CarriedLinks, WhatWasUnderWayWhenAConnectionWasClosedIsDropped) {
  CarriedPair carried;
  carried.says_hello(9, 9);
  carried.links_by_rank.at(9)->close();
  EXPECT_EQ(carried.says(9, pong_bytes), "");
  EXPECT_EQ(carried.take(encode_notice(FrameKind::relayed_end, {9, 0})), "");
  carried.run();
  EXPECT_EQ(carried.heard, (std::vector<std::string>{"hello of 9"}));
  EXPECT_EQ(carried.relay->sent, (std::vector<std::string>{encode_notice(FrameKind::relayed_end, {9, 0})}));
}

TEST(CarriedLinks, ANeighbourThatGoesIsGoneAloneAndTheRelayWithAll) {
  CarriedPair carried;
  carried.says_hello(9, 9);
  carried.says_hello(10, 10);
  EXPECT_EQ(carried.take(encode_notice(FrameKind::relayed_end, {9, 0})), "");
  EXPECT_EQ(carried.heard.back(), "9 is gone: the connection was closed");
  EXPECT_EQ(carried.links->end(), (std::vector<int>{10}));
  EXPECT_EQ(carried.heard.size(), 3U) << "who ends it knows";
  carried.links_by_rank.at(10)->send(pong_bytes);
  carried.run();
  EXPECT_TRUE(carried.relay->sent.empty());
}

TEST(CarriedLinks, ASilentNeighbourIsHeardNoLongerThanItsRelaySays) {
  CarriedPair carried;
  carried.says_hello(9, 9);
  const std::uint64_t now = steady_now_ns();
  carried.relay->heard = now;
  EXPECT_EQ(carried.links_by_rank.at(9)->heard_ns(), now - 3'500'000'000) << "the relay tells soon";
  carried.take(encode_notice(FrameKind::relayed_quiet, {9, 5000}));
  EXPECT_LE(carried.links_by_rank.at(9)->heard_ns(), steady_now_ns() - 5'000'000'000);
  EXPECT_GE(carried.links_by_rank.at(9)->heard_ns(), now - 5'000'000'000);
  carried.says(9, pong_bytes);
  EXPECT_EQ(carried.links_by_rank.at(9)->heard_ns(), now - 3'500'000'000);
}

}  // namespace
}  // namespace smlaunch
