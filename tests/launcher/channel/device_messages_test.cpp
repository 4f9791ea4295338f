// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/device_messages.hpp"

#include <gtest/gtest.h>

#include <string>

#include "launcher/channel/message_pack.hpp"
#include "launcher/channel/peer_rules.hpp"

namespace smlaunch {
namespace {

using Json = nlohmann::json;

TEST(DeviceMessages, ComeBack) {
  const DeviceNews news{.since_ns = 5,
                        .time_ns = 7,
                        .events = {{.kind = DeviceKind::gpu_xid,
                                    .device = "GPU 3",
                                    .pci = "0000:3b:00.0",
                                    .text = "reported XID 79 (the GPU has fallen off the bus)",
                                    .is_lasting = true},
                                   {.kind = DeviceKind::gpu_throttle, .is_no_reason = true}}};
  const auto back = decode_device_news(encode(news));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->since_ns, 5U);
  EXPECT_EQ(back->time_ns, 7U);
  EXPECT_EQ(back->events, news.events);
}

TEST(DeviceMessages, EveryKindHasItsWord) {
  for (const DeviceKind kind : {DeviceKind::nic_link, DeviceKind::nic_errors, DeviceKind::out_of_memory,
                                DeviceKind::disk_full, DeviceKind::clock_jump, DeviceKind::gpu_xid,
                                DeviceKind::gpu_ecc, DeviceKind::gpu_lost, DeviceKind::gpu_throttle})
    EXPECT_EQ(parse_device_kind(to_string(kind)), kind);
  EXPECT_EQ(parse_device_kind("gpu_dance"), std::nullopt);
}

TEST(DeviceMessages, OfTooManyOrTooLongOnesAnAgentTellsWhatTheLeaderTakes) {
  DeviceNews news{.since_ns = 1, .time_ns = 2};
  for (int i = 0; i < 100; ++i)
    news.events.push_back({.kind = DeviceKind::disk_full,
                           .device = "/" + std::string(4000, 'x'),
                           .text = std::string(4000, 'y')});
  const std::string payload = encode(news);
  PeerRules rules(PeerRules::Role::rank);
  EXPECT_EQ(rules.refuse({FrameKind::device, payload, 1}), std::nullopt);
  EXPECT_EQ(decode_device_news(payload)->events.size(), 16U);
}

TEST(DeviceMessages, AFolderWithAnOddNameStaysPartOfOneLine) {
  const DeviceNews news{.events = {{.device = "/a\nb\tc\x1b[2J", .text = "was full"}}};
  const auto back = decode_device_news(encode(news));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->events[0].device, "/a b c\\x1b[2J");
}

TEST(DeviceMessages, WhatNoAgentTellsIsRefusedByTheLeader) {
  const auto made = [](const Json& events, int since = 1, int time = 2) {
    return pack({{"since_ns", since}, {"time_ns", time}, {"events", events}});
  };
  const auto event = [](const Json& kind, const Json& device, const Json& text) {
    return Json::array({kind, device, "", text, false, false});
  };
  const Json good = event("gpu_xid", "GPU 0", "reported XID 79");
  Json many = Json::array();
  for (int i = 0; i < 17; ++i) many.push_back(good);
  for (const std::string& payload :
       {std::string(), made(Json::array()), made(many), made(Json::object()), made("x"),
        made(Json::array({event("gpu_dance", "GPU 0", "x")})), made(Json::array({event(3, "GPU 0", "x")})),
        made(Json::array({event("gpu_xid", std::string(257, 'x'), "x")})),
        made(Json::array({event("gpu_xid", "GPU 0", std::string(513, 'x'))})),
        made(Json::array({event("gpu_xid", "GPU 0", "no\nother line")})),
        made(Json::array({Json::array({"gpu_xid", "GPU 0"})})), made(Json::array({good}), 3, 2),
        made(Json::array({good}), -1, 2)}) {
    PeerRules rules(PeerRules::Role::rank);
    EXPECT_EQ(rules.refuse({FrameKind::device, payload, 1}), "a broken device");
  }
  PeerRules rank(PeerRules::Role::rank);
  EXPECT_EQ(rank.refuse({FrameKind::device, made(Json::array({good})), 1}), std::nullopt);
  EXPECT_EQ(rank.refuse({FrameKind::device, std::string(20481, 'x'), 2}), "a device of 20481 bytes");
  PeerRules worker(PeerRules::Role::worker);
  EXPECT_NE(worker.refuse({FrameKind::device, made(Json::array({good})), 1}), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
