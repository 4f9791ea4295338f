// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/progress_messages.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "launcher/channel/message_pack.hpp"
#include "launcher/channel/peer_rules.hpp"

namespace smlaunch {
namespace {

TEST(ProgressMessages, ComeBack) {
  const ProgressReport report{
      .time_ns = 7, .progress = {.beats = 3, .values = {{"step", 120}, {"loss", 2.25}}, .ask = Ask::restart}};
  const auto back = decode_progress(encode(report));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->time_ns, 7U);
  EXPECT_EQ(back->progress, report.progress);
  const auto odd =
      decode_progress(encode(ProgressReport{.progress = {.beats = 1, .values = {{"loss", NAN}}}}));
  ASSERT_TRUE(odd);
  EXPECT_TRUE(std::isnan(odd->progress.values.at("loss")));
  EXPECT_EQ(odd->progress.ask, std::nullopt);
}

TEST(ProgressMessages, WhatNoAgentTellsIsRefusedByTheLeader) {
  using Json = nlohmann::json;
  const auto made = [](const Json& values, const std::string& ask = "", int beats = 1) {
    return pack({{"time_ns", 1}, {"beats", beats}, {"values", values}, {"ask", ask}});
  };
  Json many = Json::object();
  for (int i = 0; i < 33; ++i) many["v" + std::to_string(i)] = i;
  for (const std::string& payload :
       {std::string(), made(many), made({{"my step", 1}}), made({{"", 1}}), made({{"step", "x"}}),
        made(Json::array({1})), made(Json::object(), "dance"), made(Json::object(), "", 0),
        made(Json::object(), "", -1)}) {
    PeerRules rules(PeerRules::Role::rank);
    EXPECT_EQ(rules.refuse({FrameKind::progress, payload, 1}), "a broken progress");
  }
  PeerRules rank(PeerRules::Role::rank);
  EXPECT_EQ(rank.refuse({FrameKind::progress, made({{"step", 3}}), 1}), std::nullopt);
  EXPECT_EQ(rank.refuse({FrameKind::progress, std::string(8193, 'x'), 2}), "a progress of 8193 bytes");
  PeerRules worker(PeerRules::Role::worker);
  EXPECT_NE(worker.refuse({FrameKind::progress, made({{"step", 3}}), 1}), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
