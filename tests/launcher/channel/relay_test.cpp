// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/relay.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "launcher/channel/messages.hpp"
#include "launcher/channel/relay_messages.hpp"

namespace smlaunch {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;

Frame hello_frame(int rank) {
  Hello hello;
  hello.peer = rank;
  return {FrameKind::hello, encode(hello), 0};
}
Frame ping_frame() { return {FrameKind::ping, encode_number(1), 0}; }
Frame pong_frame() { return {FrameKind::pong, encode(Pong{1, 2, 3, 4}), 0}; }
Frame line_frame(std::uint64_t sequence) {
  return {FrameKind::output, encode_output({false, 1, "a\n"}), sequence};
}
Frame unwrapped(const std::string& bytes) {
  FrameReader reader(most_in_frame + most_around_frame);
  reader.feed(bytes);
  return *reader.next();
}
Frame told_down(int rank, FrameKind kind) {
  return unwrapped(encode_relayed(FrameKind::relayed_down, rank, encode_frame(kind, "")));
}

std::string in_words(const std::string& bytes) {
  std::string text;
  FrameReader reader(most_in_frame + most_around_frame);
  reader.feed(bytes);
  while (const auto frame = reader.next()) {
    text += text.empty() ? "" : ", ";
    if (const auto relayed = decode_relayed(frame->payload); is_relayed(frame->kind) && relayed)
      text += fmt::format("{} of {}", static_cast<int>(relayed->frame.kind), relayed->rank);
    else if (const auto notice = decode_notice(frame->payload); is_relayed(frame->kind) && notice)
      text += fmt::format("{} of {} for {} ms", static_cast<int>(frame->kind), notice->rank,
                          notice->milliseconds);
    else
      text += fmt::format("{}", static_cast<int>(frame->kind));
  }
  EXPECT_FALSE(reader.broken());
  return text;
}

// What is to be done, in words: kinds of frames by their numbers.
std::string in_words(const Relay::Work& work) {
  std::string text = in_words(work.to_leader);
  for (const auto& [neighbour, bytes] : work.to_neighbours)
    text += fmt::format("; to {}: {}", neighbour, in_words(bytes));
  for (const Relay::Neighbour neighbour : work.to_close) text += fmt::format("; close {}", neighbour);
  return text;
}

// Rank 4 carries ranks 5 and 6, whom the leader has let in.
struct RelayOfThree {
  RelayOfThree() {
    relay.leader_came();
    for (const int rank : {5, 6}) {
      relay.heard(rank + 10, hello_frame(rank), second_ns);
      relay.told(told_down(rank, FrameKind::welcome), second_ns);
    }
  }
  Relay relay{4};
};

TEST(Relay, WhatANeighbourSaysIsWrappedWithItsRank) {
  RelayOfThree three;
  EXPECT_EQ(in_words(three.relay.heard(15, line_frame(1), second_ns)), "34 of 5");
  EXPECT_EQ(in_words(three.relay.heard(16, pong_frame(), second_ns)), "5 of 6");
}

TEST(Relay, TheFirstAnswerToAPingWaitsForNothing) {
  RelayOfThree three;
  EXPECT_FALSE(three.relay.heard(15, line_frame(1), second_ns).is_urgent);
  EXPECT_TRUE(three.relay.heard(15, pong_frame(), second_ns).is_urgent);
  EXPECT_FALSE(three.relay.heard(15, pong_frame(), second_ns).is_urgent);
}

TEST(Relay, WhatTheLeaderSaysToANeighbourIsUnwrapped) {
  RelayOfThree three;
  EXPECT_EQ(in_words(three.relay.told(told_down(6, FrameKind::ack), second_ns)), "; to 16: 6");
  EXPECT_EQ(in_words(three.relay.told(told_down(7, FrameKind::ack), second_ns)), "") << "nobody is rank 7";
  EXPECT_EQ(in_words(three.relay.told({FrameKind::relayed_down, "x", 0}, second_ns)), "");
  EXPECT_EQ(in_words(three.relay.told({FrameKind::relayed_end, "x", 0}, second_ns)), "");
  EXPECT_EQ(in_words(three.relay.told({FrameKind::signal, "15", 0}, second_ns)), "") << "it is for rank 4";
}

TEST(Relay, HellosWaitForTheLeader) {
  Relay relay(4);
  EXPECT_EQ(in_words(relay.heard(1, hello_frame(5), second_ns)), "");
  EXPECT_EQ(in_words(relay.leader_came()), "1 of 5");
  EXPECT_EQ(in_words(relay.heard(2, hello_frame(6), second_ns)), "1 of 6");
}

TEST(Relay, APingIsHandedToThoseThatAreIn) {
  RelayOfThree three;
  three.relay.heard(17, hello_frame(7), second_ns);
  EXPECT_EQ(in_words(three.relay.told(ping_frame(), second_ns)), "; to 15: 4; to 16: 4");
  three.relay.told(told_down(7, FrameKind::welcome), second_ns);
  EXPECT_EQ(in_words(three.relay.told(ping_frame(), second_ns)), "; to 15: 4; to 16: 4; to 17: 4");
}

TEST(Relay, WhoIsNoNeighbourIsClosed) {
  Hello node;
  node.peer = 8;
  node.node_rank = 1;
  RelayOfThree three;
  for (const Frame& frame :
       {hello_frame(4), hello_frame(5), hello_frame(-1), line_frame(1), pong_frame(),
        Frame{FrameKind::hello, std::string(60'000, '\x91'), 0}, Frame{FrameKind::hello, encode(node), 0}})
    EXPECT_EQ(in_words(three.relay.heard(20, frame, second_ns)), "; close 20");
  EXPECT_EQ(in_words(three.relay.heard(21, hello_frame(7), second_ns)), "1 of 7");
  EXPECT_EQ(in_words(three.relay.heard(21, line_frame(1), second_ns)), "19 of 7 for 0 ms; close 21")
      << "it was not let in yet";
}

TEST(Relay, WhatIsWrappedAlreadyIsForTheLeaderToRefuse) {
  RelayOfThree three;
  const Frame nested = unwrapped(encode_relayed(FrameKind::relayed_up, 6, encode_frame(FrameKind::pong, "")));
  EXPECT_EQ(in_words(three.relay.heard(15, nested, second_ns)), "17 of 5");
}

TEST(Relay, ANeighboursEndIsTold) {
  RelayOfThree three;
  EXPECT_EQ(in_words(three.relay.gone(15)), "19 of 5 for 0 ms");
  EXPECT_EQ(in_words(three.relay.gone(15)), "");
  EXPECT_EQ(in_words(three.relay.told(told_down(5, FrameKind::ack), second_ns)), "");
}

TEST(Relay, AConnectionThatTheLeaderClosesIsClosed) {
  RelayOfThree three;
  const Frame end = unwrapped(encode_notice(FrameKind::relayed_end, {5, 0}));
  EXPECT_EQ(in_words(three.relay.told(end, second_ns)), "; close 15");
  EXPECT_EQ(in_words(three.relay.told(end, second_ns)), "");
  EXPECT_EQ(in_words(three.relay.gone(15)), "") << "the leader knows";
}

TEST(Relay, WithoutALeaderEveryNeighbourIsLetGo) {
  RelayOfThree three;
  EXPECT_EQ(in_words(three.relay.leader_went()), "; close 15; close 16");
  EXPECT_EQ(in_words(three.relay.leader_came()), "");
}

TEST(Relay, OfANeighbourThatDoesNotAnswerIsTold) {
  RelayOfThree three;
  three.relay.told(ping_frame(), 2 * second_ns);
  three.relay.heard(15, pong_frame(), 2 * second_ns);
  EXPECT_EQ(in_words(three.relay.told(ping_frame(), 3 * second_ns)), "; to 15: 4; to 16: 4")
      << "rank 6 may be late";
  three.relay.heard(15, pong_frame(), 3 * second_ns);
  EXPECT_EQ(in_words(three.relay.told(ping_frame(), 4 * second_ns)),
            "20 of 6 for 3000 ms; to 15: 4; to 16: 4");
  three.relay.heard(15, pong_frame(), 4 * second_ns);
  three.relay.heard(16, pong_frame(), 4 * second_ns);
  EXPECT_EQ(in_words(three.relay.told(ping_frame(), 5 * second_ns)), "; to 15: 4; to 16: 4");
}

TEST(Relay, OurOwnPauseIsNobodysSilence) {
  RelayOfThree three;
  three.relay.told(ping_frame(), 2 * second_ns);
  EXPECT_EQ(in_words(three.relay.told(ping_frame(), 9 * second_ns)), "; to 15: 4; to 16: 4")
      << "we were stopped, or the leader was";
  three.relay.told(ping_frame(), 10 * second_ns);
  three.relay.hold_back(11 * second_ns);
  EXPECT_EQ(in_words(three.relay.told(ping_frame(), 12 * second_ns)), "; to 15: 4; to 16: 4")
      << "they are not read";
}

TEST(Relay, NeighboursAreToldOfALeaderThatSaysNothing) {
  RelayOfThree three;
  three.relay.heard(17, hello_frame(7), second_ns);
  EXPECT_EQ(in_words(three.relay.leader_is_quiet(second_ns)), "; to 15: 21; to 16: 21");
}

}  // namespace
}  // namespace smlaunch
