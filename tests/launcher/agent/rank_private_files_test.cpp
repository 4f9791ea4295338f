// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_private_files.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "tests/launcher/channel/runtime_folder.hpp"

namespace smlaunch {
namespace {

namespace fs = std::filesystem;
using Variables = std::map<std::string, std::string>;

TEST(RankPrivateFiles, AreNamedToTheRankAndReadAndGoWithTheirMaker) {
  const RuntimeFolder runtime;
  std::string heartbeats;
  std::string threads;
  {
    RankPrivateFiles files;
    files.make(3, true);
    Variables variables;
    files.add_variables(variables);
    heartbeats = variables[heartbeat_variable];
    threads = files.threads().value_or("");
    EXPECT_TRUE(fs::is_regular_file(heartbeats)) << heartbeats;
    EXPECT_TRUE(fs::is_directory(threads)) << threads;
    EXPECT_TRUE(files.read_heartbeats(false).empty());
    std::ofstream(heartbeats, std::ios::app) << "step=7\n";
    EXPECT_EQ(files.read_heartbeats(false), (Progress{.beats = 1, .values = {{"step", 7}}}));
  }
  EXPECT_FALSE(fs::exists(heartbeats));
  EXPECT_FALSE(fs::exists(threads));
}

TEST(RankPrivateFiles, HaveNoThreadsWhereNobodyIsToAsk) {
  const RuntimeFolder runtime;
  RankPrivateFiles files;
  files.make(3, false);
  EXPECT_FALSE(files.threads());
  Variables variables;
  files.add_variables(variables);
  EXPECT_EQ(variables.size(), 1U);
  EXPECT_TRUE(variables.contains(heartbeat_variable));
}

TEST(RankPrivateFiles, ThatWereNotMadeAreNotNamedToTheRankNorIsAnotherRanksFile) {
  RankPrivateFiles files;
  Variables variables = {{heartbeat_variable, "/tmp/of-another-job"}};
  files.add_variables(variables);
  EXPECT_TRUE(variables.empty());
  EXPECT_TRUE(files.read_heartbeats(true).empty());
}

}  // namespace
}  // namespace smlaunch
