// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/login_answers.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(ParseLoginAnswers, TellsTheInterfacesProblemsAndWhatCouldBeUsed) {
  using Answers = std::vector<InterfaceAnswer>;
  const auto interfaces = [](std::string_view text) { return parse_login_answers(text).interfaces; };
  EXPECT_EQ(interfaces("smlaunch 0.1.0\ninterface: 0|is down|eth1, ib0\nno worker\n"),
            (Answers{{0, "is down", "eth1, ib0"}}));
  EXPECT_EQ(interfaces("interface: 1|does not exist|\ninterface: 12|has no carrier|eth0"),
            (Answers{{1, "does not exist", ""}, {12, "has no carrier", "eth0"}}));
  EXPECT_EQ(interfaces("interface: 0|has no address"), (Answers{{0, "has no address", ""}}));
  for (const char* text : {"", "smlaunch 0.1.0\nworker\n", "interface: ", "interface: 0", "interface: x|y|z",
                           "interface: -1|y|z"})
    EXPECT_EQ(interfaces(text), Answers{}) << text;
}

TEST(ParseLoginAnswers, ReadsBackWhatWasRendered) {
  const LoginAnswers lacks_all{.lacks_worker = true,
                               .lacks_daemon = true,
                               .shell = "fish",
                               .daemon_problem = "exited with code 1",
                               .folder_problem = "/tmp cannot be written (No space left on device)",
                               .nvlink_domain = "0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f/1",
                               .token_problem = "/tmp/smlaunch-0: cannot be written: No space left on device",
                               .noexec_folder = "/tmp",
                               .interfaces = {{1, "is down", "eth0"}, {2, "does not exist", ""}}};
  for (const LoginAnswers& each : {lacks_all, LoginAnswers{}, LoginAnswers{.shell = "bash"}})
    EXPECT_EQ(parse_login_answers("smlaunch 0.1.0\n" + render_login_answers(each)), each)
        << render_login_answers(each);
  EXPECT_EQ(render_login_answers({.shell = "bash"}), "worker\nshell: bash\n");
}

TEST(ParseLoginAnswers, TakesOnlyWholeLinesForAnswers) {
  EXPECT_EQ(parse_login_answers("there is no worker here\nno daemons\n shell: bash\nno worker at all"),
            LoginAnswers());
  EXPECT_TRUE(parse_login_answers("no worker\r\n").lacks_worker);
  EXPECT_EQ(parse_login_answers("shell: zsh\r\r\n").shell, "zsh");
  EXPECT_EQ(parse_login_answers("shell: zsh\nshell: fish\n").shell, "zsh") << "the first one counts";
}

}  // namespace
}  // namespace smlaunch
