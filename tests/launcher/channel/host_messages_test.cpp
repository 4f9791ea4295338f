// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/host_messages.hpp"

#include <gtest/gtest.h>

#include "launcher/channel/message_pack.hpp"

namespace smlaunch {
namespace {

TEST(HostMessages, ComeBack) {
  const auto started = decode_start_agents(
      encode(StartAgents{2, {4, 5}, "job", "token", "pod-0", "/work", {"python3", "a\xff"}, true, "3:abc"}));
  ASSERT_TRUE(started);
  EXPECT_EQ(started->set, 2U);
  EXPECT_EQ(started->ranks, (std::vector<int>{4, 5}));
  EXPECT_EQ(started->job + started->token + started->leader_host + started->working_directory,
            "jobtokenpod-0/work");
  EXPECT_EQ(started->program, (std::vector<std::string>{"python3", "a\xff"}));
  EXPECT_TRUE(started->names_interface);
  EXPECT_EQ(started->secrets, "3:abc");
  const auto signal = decode_signal_agents(encode(SignalAgents{2, 15, 4, "job"}));
  ASSERT_TRUE(signal);
  EXPECT_EQ(signal->signal, 15);
  EXPECT_EQ(signal->number, 4U);
  EXPECT_EQ(signal->job, "job");
  const std::vector<std::optional<ExitStatus>> status = {Exited{3}, Signaled{9, false}, std::nullopt};
  const auto ended = decode_agents_ended(encode(AgentsEnded{2, "no", status, "job"}));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->failure, "no");
  EXPECT_EQ(ended->job, "job");
  EXPECT_EQ(ended->status, status);
  const auto all_started = decode_agents_ended(encode(AgentsEnded{2, {}, status, "job"}));
  ASSERT_TRUE(all_started);
  EXPECT_EQ(all_started->failure, std::nullopt);
  const auto refusal = decode_refusal(encode(Refusal{"why", true}));
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->reason, "why");
  EXPECT_TRUE(refusal->may_pass);
}

TEST(HostMessages, OthersBytesAndNumbersThatCannotBeAreNone) {
  for (const std::string& text : {std::string(), std::string("x"), encode(SignalAgents{1, 2}).substr(1)}) {
    EXPECT_FALSE(decode_start_agents(text));
    EXPECT_FALSE(decode_signal_agents(text));
    EXPECT_FALSE(decode_agents_ended(text));
    EXPECT_FALSE(decode_refusal(text));
  }
  EXPECT_FALSE(decode_signal_agents(encode(SignalAgents{1, 65})));
  EXPECT_FALSE(decode_signal_agents(encode(SignalAgents{0, 15})));
  EXPECT_FALSE(decode_signal_agents(encode(SignalAgents{1, 15, 0})));
  EXPECT_FALSE(decode_start_agents(encode(StartAgents{1, {-1}, "", "", "", "", {}, false})));
  EXPECT_FALSE(decode_agents_ended(encode(AgentsEnded{1, {}, {Exited{256}}})));
}

}  // namespace
}  // namespace smlaunch
