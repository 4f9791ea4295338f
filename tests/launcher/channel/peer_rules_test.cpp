// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/peer_rules.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "base/line_splitter.hpp"
#include "launcher/channel/message_pack.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/status_messages.hpp"

namespace smlaunch {
namespace {

using Role = PeerRules::Role;

Frame data(FrameKind kind, std::uint64_t sequence, std::string payload) {
  return {kind, std::move(payload), sequence};
}
Frame plain(FrameKind kind, std::string payload) { return {kind, std::move(payload), 0}; }
std::string lines(const std::string& text) { return encode_output({false, 1, text}); }
std::string ended(const ExitStatus& status) { return encode(Ended{.end = {.status = status}}); }
std::string nested(std::size_t depth) { return std::string(depth, '\x91') + '\xc0'; }

TEST(PeerRules, ARankMaySayAllThatAnAgentSays) {
  PeerRules rules(Role::rank);
  const std::vector<Frame> frames = {plain(FrameKind::pong, encode(Pong{1, 2, 3, 4})),
                                     data(FrameKind::started, 1, encode(Started{})),
                                     data(FrameKind::output, 2, lines("a\nb\n")),
                                     data(FrameKind::inspected, 3, encode(RankState{})),
                                     data(FrameKind::ended, 4, ended(Signaled{SIGKILL, false})),
                                     data(FrameKind::output, 5, lines("late\n")),
                                     data(FrameKind::handed_over, 6, ""),
                                     plain(FrameKind::stop_request, encode_number(SIGUSR1)),
                                     plain(FrameKind::stop_request, encode_number(SIGTERM))};
  for (const Frame& frame : frames) {
    EXPECT_EQ(rules.refuse(frame), std::nullopt);
    EXPECT_TRUE(rules.is_news());
  }
  EXPECT_EQ(rules.received(), 6U);
  EXPECT_TRUE(rules.has_ended());
}

TEST(PeerRules, AWorkerMaySayAllThatAWorkerSays) {
  PeerRules rules(Role::worker);
  for (const Frame& frame :
       {plain(FrameKind::pong, encode(Pong{})), plain(FrameKind::stop_request, encode_number(SIGTERM)),
        plain(FrameKind::status_wanted, encode(StatusWanted{.number = 1, .form = StatusForm::json})),
        data(FrameKind::code_ended, 1, "any"), plain(FrameKind::outcome, "")})
    EXPECT_EQ(rules.refuse(frame), std::nullopt);
}

TEST(PeerRules, WhatIsSentAgainIsNoNewsAndNoFault) {
  PeerRules rules(Role::rank);
  EXPECT_EQ(rules.refuse(data(FrameKind::started, 1, encode(Started{}))), std::nullopt);
  EXPECT_EQ(rules.refuse(data(FrameKind::started, 1, encode(Started{}))), std::nullopt);
  EXPECT_FALSE(rules.is_news());
  EXPECT_EQ(rules.refuse(data(FrameKind::output, 2, lines("a\n"))), std::nullopt);
  EXPECT_TRUE(rules.is_news());
}

TEST(PeerRules, WhateverElseIsRefusedAndSaidWhatItWas) {
  struct Case {
    Role role;
    Frame frame;
    std::string why;
  };
  const std::string longest(LineSplitter::longest_line + 1, 'x');
  const std::string minus_five = pack({{"signal", -5},
                                       {"core_dumped", false},
                                       {"time_ns", 1},
                                       {"waited_ns", 0},
                                       {"traceback_ns", 0},
                                       {"told_to_stop", false},
                                       {"last_lines", nlohmann::json::array()},
                                       {"oom_kills", 0},
                                       {"earlier_oom_kills", 0}});
  const std::vector<Case> cases = {
      {Role::rank, data(FrameKind::output, 1, lines("endless")), "an output that is not made of whole lines"},
      {Role::rank, data(FrameKind::output, 1, lines("")), "an output that is not made of whole lines"},
      {Role::rank, data(FrameKind::output, 1, "short"), "an output that is not made of whole lines"},
      {Role::rank, data(FrameKind::output, 1, lines(longest + "\n")),
       "an output that is not made of whole lines"},
      {Role::rank, data(FrameKind::output, 1, lines(longest + longest + "\n")),
       "a output of 134217740 bytes"},
      {Role::rank, data(FrameKind::inspected, 1, std::string(18U << 20U, 'x')),
       "a inspected of 18874368 bytes"},
      {Role::rank, data(FrameKind::output, 1'000'000, lines("a\n")),
       "a frame with the number 1000000 after number 0"},
      {Role::rank, data(FrameKind::output, 2, lines("a\n")), "a frame with the number 2 after number 0"},
      {Role::rank, plain(FrameKind::pong, nested(200)), "a broken pong"},
      {Role::rank, plain(FrameKind::pong, nested(65'000)), "a pong of 65001 bytes"},
      {Role::rank, plain(FrameKind::pong, "x"), "a broken pong"},
      {Role::rank, data(FrameKind::inspected, 1, nested(1'000'000)), "a broken inspected"},
      {Role::rank, data(FrameKind::ended, 1, minus_five), "a broken ended"},
      {Role::rank, data(FrameKind::ended, 1, "x"), "a broken ended"},
      {Role::rank, data(FrameKind::started, 1, encode(Pong{})), "a broken started"},
      {Role::rank, plain(FrameKind::stop_request, encode_number(SIGKILL)), "a broken stop_request"},
      {Role::rank, data(FrameKind::code_ended, 1, ""), "a frame of the kind 37 (code_ended)"},
      {Role::rank, plain(FrameKind::hello, ""), "a frame of the kind 1 (hello)"},
      {Role::rank, plain(FrameKind::relayed_up, ""), "a frame of the kind 17 (relayed_up)"},
      {Role::rank, plain(FrameKind::relayed_quiet, ""), "a frame of the kind 20 (relayed_quiet)"},
      {Role::worker, plain(FrameKind::relayed_end, ""), "a frame of the kind 19 (relayed_end)"},
      {Role::rank, plain(FrameKind::release, ""), "a frame of the kind 8 (unknown)"},
      {Role::rank, data(static_cast<FrameKind>(255), 1, ""), "a frame of the kind 255 (unknown)"},
      {Role::worker, data(FrameKind::ended, 1, ended(Exited{0})), "a frame of the kind 35 (ended)"},
      {Role::rank, plain(FrameKind::status_wanted, encode(StatusWanted{})),
       "a frame of the kind 22 (status_wanted)"},
      {Role::worker, plain(FrameKind::status_wanted, "x"), "a broken status_wanted"},
      {Role::worker, plain(FrameKind::status_wanted, std::string(300, 'x')), "a status_wanted of 300 bytes"},
      {Role::worker, plain(FrameKind::status_told, ""), "a frame of the kind 23 (unknown)"},
      {Role::worker, plain(FrameKind::stop_request, "-1"), "a broken stop_request"},
      {Role::worker, plain(FrameKind::outcome, "x"), "a outcome of 1 bytes"}};
  for (const Case& each : cases) {
    PeerRules rules(each.role);
    EXPECT_EQ(rules.refuse(each.frame), each.why);
    EXPECT_EQ(rules.received(), 0U);
  }
}

TEST(PeerRules, ARankStartsAndEndsOnce) {
  PeerRules rules(Role::rank);
  EXPECT_EQ(rules.refuse(data(FrameKind::started, 1, encode(Started{}))), std::nullopt);
  EXPECT_EQ(rules.refuse(data(FrameKind::started, 2, encode(Started{}))), "a second started");
  EXPECT_EQ(rules.refuse(data(FrameKind::ended, 2, ended(Exited{0}))), std::nullopt);
  EXPECT_EQ(rules.refuse(data(FrameKind::end_unknown, 3, "why")), "a second end_unknown");
}

}  // namespace
}  // namespace smlaunch
