// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/srun_command.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace smlaunch {
namespace {

using Words = std::vector<std::string>;

TEST(SrunCommand, HasATaskForEachRankInTheOrderOfTheHosts) {
  EXPECT_EQ(make_agents_step({{"gn2", 2}, {"gn1", 1}}),
            (Words{"srun", "--quiet", "--overlap", "--mpi=none", "--cpu-bind=none", "--export=ALL",
                   "--kill-on-bad-exit=0", "--nodes=2", "--ntasks=3", "--overcommit", "--no-kill", "--wait=0",
                   "--input=none", "--label", "--distribution=arbitrary", "--nodelist=gn2,gn2,gn1"}));
}

TEST(SrunCommand, NamesEachHostOnceWhereAListOfAllRanksIsTooLongForLinux) {
  std::vector<std::pair<std::string, int>> hosts;
  for (int i = 0; i < 4000; ++i) hosts.emplace_back("gpu-node-" + std::to_string(1000 + i), 8);
  const Words argv = make_agents_step(hosts);
  for (const std::string& word : argv) EXPECT_LT(word.size(), 131'071U);
  for (const char* word : {"--ntasks=32000", "--ntasks-per-node=8", "--distribution=block"})
    EXPECT_NE(std::find(argv.begin(), argv.end(), word), argv.end()) << word;
}

TEST(SrunCommand, GivesBackToProgramsOnlyWhatItHasTaken) {
  for (const std::string& name : options_for_programs())
    EXPECT_NE(std::find(options_of_the_job().begin(), options_of_the_job().end(), name),
              options_of_the_job().end())
        << name;
}

TEST(SrunCommand, MarksTheLinesOfItsTasks) {
  const auto line = parse_labelled_line("  12: a: b");
  ASSERT_TRUE(line);
  EXPECT_EQ(line->rank, 12);
  EXPECT_EQ(line->text, "a: b");
  EXPECT_EQ(parse_labelled_line("0: ")->text, "");
  for (const char* own : {"srun: error: x", "", "  ", "12", ": x", "-1: x", "1 2: x", "0x1: y"})
    EXPECT_FALSE(parse_labelled_line(own)) << own;
}

}  // namespace
}  // namespace smlaunch
