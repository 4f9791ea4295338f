// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/oom_kills.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(OomKills, AreCountedInTheWordsOfBothVersions) {
  EXPECT_EQ(parse_oom_kills("low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n"), 2);
  EXPECT_EQ(parse_oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 7\n"), 7);
  EXPECT_EQ(parse_oom_kills("oom_kill 0"), 0);
}

TEST(OomKills, AreUnknownWhereTheKernelDoesNotTell) {
  for (const char* text : {"", "oom 3\n", "oom_kill_disable 0\nunder_oom 0\n", "oom_kill \n", "oom_kill x\n",
                           "oom_kill -1\n", "oom_kill 1 2\n"})
    EXPECT_EQ(parse_oom_kills(text), std::nullopt) << text;
}

TEST(OomFiles, LieInTheTreeThatHasTheMemoryController) {
  EXPECT_EQ(parse_oom_files("0::/\n"),
            (OomFiles{"/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory.events"}));
  EXPECT_EQ(parse_oom_files("0::/a/b\n"),
            (OomFiles{"/sys/fs/cgroup/a/b/memory.events", "/sys/fs/cgroup/memory.events"}));
  const OomFiles version_1{"/sys/fs/cgroup/memory/docker/1/memory.oom_control",
                           "/sys/fs/cgroup/memory/memory.oom_control"};
  EXPECT_EQ(parse_oom_files("5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/docker/1\n"), version_1);
  EXPECT_EQ(parse_oom_files("0::/x\n4:hugetlb,memory:/docker/1\n"), version_1);
}

TEST(OomFiles, AreNowhereInOtherWords) {
  for (const char* text : {"", "nonsense\n", "5:cpu:/a\n", "0::relative\n"})
    EXPECT_EQ(parse_oom_files(text), std::nullopt) << text;
}

using Kills = OomWatch::Kills;

TEST(OomWatch, TellsWhatWasCountedSinceTheLastLook) {
  OomWatch watch;
  watch.begin(5);
  EXPECT_EQ(watch.at_end(5), (Kills{0, 0}));
  EXPECT_EQ(watch.at_end(6), (Kills{1, 0}));
  watch.sample(6, false);
  EXPECT_EQ(watch.at_end(6), (Kills{0, 1})) << "it went on after that";
  EXPECT_EQ(watch.at_end(8), (Kills{2, 1}));
}

TEST(OomWatch, CountsALookAtARankThatIsEndingForItsEnd) {
  OomWatch watch;
  watch.begin(5);
  watch.sample(5, false);
  watch.sample(6, true);
  EXPECT_EQ(watch.at_end(6), (Kills{1, 0}));
}

TEST(OomWatch, SaysNothingWhereTheKernelDoesNotTell) {
  OomWatch watch;
  EXPECT_EQ(watch.at_end(3), (Kills{0, 0}));
  watch.begin({});
  watch.sample(2, false);
  EXPECT_EQ(watch.at_end(3), (Kills{0, 0}));
  watch.begin(5);
  watch.sample({}, false);
  EXPECT_EQ(watch.at_end({}), (Kills{0, 0}));
  EXPECT_EQ(watch.at_end(4), (Kills{0, 0})) << "another container's count";
}

}  // namespace
}  // namespace smlaunch
