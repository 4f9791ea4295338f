// SPDX-License-Identifier: Apache-2.0
#include "launcher/progress/heartbeat_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace smlaunch {
namespace {

class HeartbeatFileTest : public testing::Test {
 protected:
  HeartbeatFileTest() {
    std::string pattern = testing::TempDir() + "heartbeats.XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~HeartbeatFileTest() override { std::filesystem::remove_all(folder); }

  HeartbeatFile make() {
    auto made = HeartbeatFile::make(folder, 3);
    if (!made) throw std::runtime_error(made.error().problems.front().what);
    return std::move(*made);
  }
  static void write(const std::string& path, const std::string& text, int how = O_APPEND) {
    const int fd = open(path.c_str(), O_WRONLY | how);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(fd);
  }

  std::string folder;
};

TEST_F(HeartbeatFileTest, IsThisUsersAloneAndGoesWithItsMaker) {
  std::string path;
  {
    const HeartbeatFile file = make();
    path = file.path();
    struct stat facts {};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0600U);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(HeartbeatFileTest, TellsEachLineOnceWhoeverOpensAppendsAndCloses) {
  HeartbeatFile file = make();
  EXPECT_TRUE(file.read().empty());
  write(file.path(), "step=1 loss=5\n");
  write(file.path(), "step=2\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 2, .values = {{"step", 2}, {"loss", 5}}}));
  EXPECT_TRUE(file.read().empty());
  write(file.path(), "step=3\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", 3}}}));
}

TEST_F(HeartbeatFileTest, WaitsForTheEndOfALineButNotForEver) {
  HeartbeatFile file = make();
  write(file.path(), "step=1\nste");
  EXPECT_EQ(file.read().beats, 1U);
  write(file.path(), "p=2\nsmlaunch=stop");
  EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", 2}}}));
  EXPECT_EQ(file.read(true), (Progress{.beats = 1, .ask = Ask::stop}));
}

TEST_F(HeartbeatFileTest, UnderstandsAProgramThatWritesItAnew) {
  HeartbeatFile file = make();
  for (int step = 8; step <= 12; ++step) {
    write(file.path(), "step=" + std::to_string(step) + "\n", O_TRUNC);
    EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", step}}})) << step;
    EXPECT_TRUE(file.read().empty());
  }
  write(file.path(), "step=3\n", O_TRUNC);
  EXPECT_EQ(file.read().values.at("step"), 3);
}

TEST_F(HeartbeatFileTest, ALineWithoutItsEndCountsOnceItStays) {
  HeartbeatFile file = make();
  for (int step = 9; step <= 11; ++step) {
    write(file.path(), "step=" + std::to_string(step), O_TRUNC);
    EXPECT_TRUE(file.read().empty()) << step;
    EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", step}}})) << step;
    EXPECT_TRUE(file.read().empty()) << step;
  }
  write(file.path(), "\n");
  EXPECT_TRUE(file.read().empty()) << "its end, and nothing new";
  write(file.path(), "step=12\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", 12}}}));
}

TEST_F(HeartbeatFileTest, ALineWithoutItsEndCountsWhenAnotherTakesItsPlace) {
  HeartbeatFile file = make();
  write(file.path(), "step=1 loss=3", O_TRUNC);
  EXPECT_TRUE(file.read().empty());
  for (int step = 2; step < 6; ++step) {
    write(file.path(), "step=" + std::to_string(step) + " loss=3", O_TRUNC);
    EXPECT_EQ(file.read().values.at("step"), step - 1);
  }
  write(file.path(), "step=6 loss=3\n", O_TRUNC);
  EXPECT_EQ(file.read(), (Progress{.beats = 2, .values = {{"step", 6}, {"loss", 3}}}));
}

TEST_F(HeartbeatFileTest, ALineThatGrowsIsOneHeartbeat) {
  HeartbeatFile file = make();
  write(file.path(), "ste");
  EXPECT_TRUE(file.read().empty());
  write(file.path(), "p=1");
  EXPECT_TRUE(file.read().empty());
  write(file.path(), "2\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", 12}}}));
}

TEST_F(HeartbeatFileTest, AnotherFileInItsPlaceIsRead) {
  HeartbeatFile file = make();
  write(file.path(), "step=1\n");
  const auto replace = [&](const std::string& text) {
    const std::string other = folder + "/other";
    close(open(other.c_str(), O_CREAT | O_WRONLY, 0600));
    write(other, text);
    std::filesystem::rename(other, file.path());
  };
  for (int step = 2; step < 5; ++step) {
    replace("step=" + std::to_string(step) + "\n");
    EXPECT_EQ(file.read().values.at("step"), step);
    EXPECT_TRUE(file.read().empty());
  }
  write(file.path(), "step=5\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", 5}}}));
  const HeartbeatFile another = make();
  EXPECT_TRUE(std::filesystem::exists(file.path())) << "it is nobody's old one";
}

TEST_F(HeartbeatFileTest, WhatIsNoFileInItsPlaceIsNotOpened) {
  HeartbeatFile file = make();
  const std::string elsewhere = folder + "/elsewhere";
  close(open(elsewhere.c_str(), O_CREAT | O_WRONLY, 0600));
  write(elsewhere, "step=1\n");
  std::filesystem::remove(file.path());
  EXPECT_TRUE(file.read().empty());
  std::filesystem::create_symlink(elsewhere, file.path());
  EXPECT_TRUE(file.read().empty());
  std::filesystem::remove(file.path());
  ASSERT_EQ(mkfifo(file.path().c_str(), 0600), 0);
  EXPECT_TRUE(file.read().empty());
}

TEST_F(HeartbeatFileTest, ALongLineIsOneHeartbeatAndTheNextIsHeard) {
  HeartbeatFile file = make();
  write(file.path(), "step=7 " + std::string(300'000, 'x') + "\nstep=8\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 2, .values = {{"step", 8}}}));
  write(file.path(), std::string(100'000, 'x'));
  EXPECT_EQ(file.read().beats, 1U);
  write(file.path(), " step=1\nstep=9\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", 9}}}));
}

TEST_F(HeartbeatFileTest, WhatWasReadTakesNoRoom) {
  HeartbeatFile file = make();
  const std::string line = "step=1 " + std::string(90, 'x') + "\n";
  std::string lines;
  for (int i = 0; i < 5000; ++i) lines += line;
  for (int round = 0; round < 20; ++round) {
    write(file.path(), lines);
    EXPECT_EQ(file.read().beats, 5000U);
  }
  write(file.path(), "step=2\n");
  EXPECT_EQ(file.read(), (Progress{.beats = 1, .values = {{"step", 2}}}));
  struct stat facts {};
  ASSERT_EQ(stat(file.path().c_str(), &facts), 0);
  EXPECT_LT(facts.st_blocks * 512, 2 << 20);
}

TEST_F(HeartbeatFileTest, OfARankThatWritesTooFastTheLastLinesCount) {
  HeartbeatFile file = make();
  std::string lines;
  for (int step = 0; step < 300'000; ++step) lines += "step=" + std::to_string(step) + "\n";
  write(file.path(), lines);
  const Progress said = file.read();
  EXPECT_EQ(said.values.at("step"), 299'999);
  EXPECT_LT(said.beats, 10'000U);
}

TEST_F(HeartbeatFileTest, FilesOfMakersThatAreGoneAreRemovedAndOthersStay) {
  const std::string old = folder + "/heartbeat.5.abcdef";
  const std::string other = folder + "/socket";
  for (const std::string& path : {old, other}) close(open(path.c_str(), O_CREAT | O_WRONLY, 0600));
  const HeartbeatFile first = make();
  const HeartbeatFile second = make();
  EXPECT_FALSE(std::filesystem::exists(old));
  for (const std::string& path : {other, first.path(), second.path()})
    EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(HeartbeatFileTest, CannotBeMadeWhereThereIsNoFolder) {
  const auto made = HeartbeatFile::make(folder + "/none", 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::start);
  EXPECT_EQ(made.error().problems.front().what, "cannot be made: No such file or directory");
}

}  // namespace
}  // namespace smlaunch
