// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/waiting_words.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(WaitingWords, TellTheLengthOfWhatFollows) {
  EXPECT_EQ(frame_waiting("orted -mca"), "waiting 10\norted -mca");
  EXPECT_EQ(frame_waiting(""), "waiting 0\n");
  EXPECT_EQ(parse_waiting_line("waiting 10"), 10U);
  EXPECT_EQ(parse_waiting_line("waiting 0"), 0U);
  EXPECT_EQ(parse_waiting_line("waiting 60000"), longest_waiting_input);
}

TEST(WaitingWords, AreNotFoundInOtherLines) {
  for (const char* line :
       {"", "waiting", "waiting ", "waiting x", "waiting 1x", "waiting -1", "waiting +1", " waiting 1",
        "waiting 60001", "waiting 99999999999999999999999", "{\"waiting\": 1}"})
    EXPECT_EQ(parse_waiting_line(line), std::nullopt) << line;
}

TEST(WaitingWords, EndAnAnswerWithALineOfTheirOwn) {
  EXPECT_TRUE(says_it_waits("motd\nsmlaunch 1.2.3\nworker\nwaits\n"));
  for (const char* output :
       {"", "waits\n", "smlaunch 1.2.3\nwaits", "smlaunch 1.2.3\nawaits\n", "smlaunch 1.2.3\nwaits\nmore\n"})
    EXPECT_FALSE(says_it_waits(output)) << output;
}

}  // namespace
}  // namespace smlaunch
