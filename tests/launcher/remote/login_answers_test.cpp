// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/login_answers.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(ParseInterfaceAnswers, TellsTheProblemsAndWhatCouldBeUsed) {
  using Answers = std::vector<InterfaceAnswer>;
  EXPECT_EQ(parse_interface_answers("smlaunch 0.1.0\ninterface: 0|is down|eth1, ib0\nno worker\n"),
            (Answers{{0, "is down", "eth1, ib0"}}));
  EXPECT_EQ(parse_interface_answers("interface: 1|does not exist|\ninterface: 12|has no carrier|eth0"),
            (Answers{{1, "does not exist", ""}, {12, "has no carrier", "eth0"}}));
  EXPECT_EQ(parse_interface_answers("interface: 0|has no address"), (Answers{{0, "has no address", ""}}));
  for (const char* text : {"", "smlaunch 0.1.0\nworker\n", "interface: ", "interface: 0", "interface: x|y|z",
                           "interface: -1|y|z"})
    EXPECT_EQ(parse_interface_answers(text), Answers{}) << text;
}

}  // namespace
}  // namespace smlaunch
