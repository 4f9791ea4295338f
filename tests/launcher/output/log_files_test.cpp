// SPDX-License-Identifier: Apache-2.0
#include "launcher/output/log_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>

namespace smlaunch {
namespace {

class LogFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "log-files-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string content(const std::string& name) const {
    std::ifstream file(folder_ / "logs" / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  std::filesystem::path folder_;
};

TEST_F(LogFilesTest, BeginsAFileAnewInEachRun) {
  for (const char* text : {"first run\n", "second run\n"}) {
    auto files = LogFiles::open(folder_ / "logs");
    ASSERT_TRUE(files);
    EXPECT_EQ(files->append("rank-0.stdout", text), 0);
    EXPECT_EQ(files->append("rank-0.stdout", "more\n"), 0);
    EXPECT_EQ(content("rank-0.stdout"), std::string(text) + "more\n");
  }
}

TEST_F(LogFilesTest, LosesNothingWithMoreFilesThanItKeepsOpen) {
  auto files = LogFiles::open(folder_ / "logs");
  ASSERT_TRUE(files);
  constexpr int many = 700;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < many; ++i)
      ASSERT_EQ(files->append(fmt::format("rank-{}.stdout", i), fmt::format("{} {}\n", i, round)), 0);
  for (int i = 0; i < many; ++i)
    EXPECT_EQ(content(fmt::format("rank-{}.stdout", i)), fmt::format("{0} 0\n{0} 1\n{0} 2\n", i));
}

TEST_F(LogFilesTest, RefusesAFolderThatCannotBeMade) {
  std::ofstream(folder_ / "file") << "x";
  const auto files = LogFiles::open(folder_ / "file" / "logs");
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().fault, Fault::start);
  EXPECT_EQ(files.error().problems.front().where, fmt::format("--log-dir {}/file/logs", folder_.string()));
}

TEST_F(LogFilesTest, SaysWhatAFileCannotTake) {
  auto files = LogFiles::open(folder_ / "logs");
  ASSERT_TRUE(files);
  std::filesystem::create_symlink("/dev/full", folder_ / "logs" / "rank-0.stdout");
  EXPECT_EQ(files->append("rank-0.stdout", "x\n"), ENOSPC);
}

}  // namespace
}  // namespace smlaunch
