// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/starter_messages.hpp"

#include <gtest/gtest.h>

#include <string>

#include "launcher/channel/message_pack.hpp"
#include "launcher/channel/peer_rules.hpp"

namespace smlaunch {
namespace {

TEST(StarterMessages, ComeBack) {
  const auto begun = decode_starter_rank(encode(StarterRankNews{.rank = 5, .pid = 77, .time_ns = 9}));
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->rank, 5);
  EXPECT_EQ(begun->pid, 77);
  EXPECT_EQ(begun->time_ns, 9U);
  EXPECT_FALSE(begun->has_ended);
  for (const std::optional<ExitStatus>& status :
       {std::optional<ExitStatus>(), std::optional<ExitStatus>(Exited{3}),
        std::optional<ExitStatus>(Signaled{.signal = 9, .core_dumped = true})}) {
    const auto ended = decode_starter_rank(
        encode(StarterRankNews{.rank = 5, .pid = 77, .has_ended = true, .status = status}));
    ASSERT_TRUE(ended);
    EXPECT_TRUE(ended->has_ended);
    EXPECT_EQ(ended->status, status);
    EXPECT_FALSE(ended->is_final);
  }
}

TEST(StarterMessages, SayWhetherTheStarterIsDoneWithTheRank) {
  const auto news = decode_starter_rank(encode(
      StarterRankNews{.rank = 5, .pid = 77, .has_ended = true, .status = Exited{3}, .is_final = true}));
  ASSERT_TRUE(news);
  EXPECT_TRUE(news->is_final);
}

TEST(StarterMessages, WhatNoAgentTellsIsRefusedByTheLeader) {
  using Json = nlohmann::json;
  const auto made = [](const Json& other) {
    Json json = {{"rank", 1}, {"pid", 2}, {"time_ns", 3}, {"has_ended", true}, {"is_final", false}};
    json.update(other);
    return pack(json);
  };
  for (const std::string& payload :
       {std::string(), made({{"rank", -1}}), made({{"pid", 0}}), made({{"has_ended", "yes"}}),
        made({{"is_final", 1}}), made({{"exit_code", 256}}), made({{"signal", 9}}),
        made({{"signal", 65}, {"core_dumped", false}})}) {
    PeerRules rules(PeerRules::Role::rank);
    EXPECT_EQ(rules.refuse({FrameKind::starter_rank, payload, 1}), "a broken starter_rank");
  }
  PeerRules rank(PeerRules::Role::rank);
  EXPECT_EQ(rank.refuse({FrameKind::starter_rank, made({{"exit_code", 7}}), 1}), std::nullopt);
  EXPECT_EQ(rank.refuse({FrameKind::starter_rank, std::string(257, 'x'), 2}), "a starter_rank of 257 bytes");
  PeerRules worker(PeerRules::Role::worker);
  EXPECT_NE(worker.refuse({FrameKind::starter_rank, made({{"exit_code", 7}}), 1}), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
