// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/code/code_folder.hpp"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <set>
#include <thread>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

constexpr auto never = [] { return false; };

std::set<std::string> names(const std::filesystem::path& folder) {
  std::set<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) found.insert(entry.path().filename());
  return found;
}

using Names = std::set<std::string>;

TEST(CodeFolder, IsFilledAtOnceAndLeavesNothing) {
  const Folder base;
  const auto code = base.path() / "code";
  {
    auto folder = CodeFolder::lock(code, never);
    ASSERT_TRUE(folder);
    const auto staging = folder->make_staging();
    ASSERT_TRUE(staging);
    std::ofstream(*staging / "train.py") << "x";
    EXPECT_FALSE(std::filesystem::exists(code));
    ASSERT_TRUE(folder->publish());
    EXPECT_EQ(names(code), Names{"train.py"});
  }
  EXPECT_EQ(names(base.path()), Names{"code"});
}

TEST(CodeFolder, ThatIsThereAndEmptyKeepsItsMode) {
  const Folder base;
  const auto code = base.path() / "code";
  mkdir(code.c_str(), 0750);
  auto folder = CodeFolder::lock(code, never);
  ASSERT_TRUE(folder);
  ASSERT_TRUE(folder->make_staging());
  ASSERT_TRUE(folder->publish());
  EXPECT_EQ(std::filesystem::status(code).permissions(), std::filesystem::perms{0750});
}

TEST(CodeFolder, ThatIsNotPublishedStaysAsItWas) {
  const Folder base;
  const auto code = base.path() / "code";
  {
    auto folder = CodeFolder::lock(code, never);
    ASSERT_TRUE(folder);
    ASSERT_TRUE(folder->make_staging());
    ASSERT_TRUE(folder->make_download_folder());
    EXPECT_EQ(names(base.path()),
              (Names{".smlaunch-code.lock", ".smlaunch-code.part", ".smlaunch-code.download"}));
  }
  EXPECT_EQ(names(base.path()), Names{});
}

TEST(CodeFolder, PutsInOrderWhatAKilledOneLeft) {
  const Folder base;
  const auto code = base.path() / "code";
  base.write(".smlaunch-code.part/half", "x");
  base.write(".smlaunch-code.download/archive", "x");
  base.write(".smlaunch-code.lock", "");
  EXPECT_TRUE(is_code_empty(code));
  ASSERT_TRUE(CodeFolder::lock(code, never));
  EXPECT_EQ(names(base.path()), Names{});
}

// A link, as a mount point, cannot be replaced by renaming: its entries are.
TEST(CodeFolder, ThatIsALinkIsFilledWhereItLeads) {
  const Folder base;
  const auto code = base.path() / "code";
  std::filesystem::create_directory(base.path() / "volume");
  std::filesystem::create_directory_symlink("volume", code);
  {
    auto folder = CodeFolder::lock(code, never);
    ASSERT_TRUE(folder);
    const auto staging = folder->make_staging();
    ASSERT_TRUE(staging);
    std::ofstream(*staging / "train.py") << "x";
    EXPECT_TRUE(is_code_empty(code));
    ASSERT_TRUE(folder->publish());
  }
  EXPECT_EQ(names(base.path() / "volume"), Names{"train.py"});
  EXPECT_TRUE(std::filesystem::is_symlink(code));
  EXPECT_FALSE(is_code_empty(code));
}

TEST(CodeFolder, WhoeverComesNextGoesOnWithMovingEntriesUp) {
  const Folder base;
  const auto code = base.path() / "code";
  std::filesystem::create_directory(base.path() / "volume");
  std::filesystem::create_directory_symlink("volume", code);
  base.write("volume/moved.py", "x");
  base.write("volume/.smlaunch-code.whole/train.py", "x");
  EXPECT_FALSE(is_code_empty(code));
  ASSERT_TRUE(CodeFolder::lock(code, never));
  EXPECT_EQ(names(base.path() / "volume"), (Names{"moved.py", "train.py"}));
}

TEST(CodeFolder, KeepsWhatIsInItBesideWhatIsPublished) {
  const Folder base;
  const auto code = base.path() / "code";
  base.write("code/src.tar.gz", "x");
  {
    auto folder = CodeFolder::lock(code, never);
    ASSERT_TRUE(folder);
    const auto staging = folder->make_staging();
    ASSERT_TRUE(staging);
    std::filesystem::create_directory(*staging / "pkg");
    std::ofstream(*staging / "train.py") << "x";
    EXPECT_EQ(names(code), Names{"src.tar.gz"});
    ASSERT_TRUE(folder->publish());
  }
  EXPECT_EQ(names(code), (Names{"pkg", "src.tar.gz", "train.py"}));
  EXPECT_EQ(names(base.path()), Names{"code"});
}

TEST(HoldsOnly, IsAskedOfOneFileAndCountsNothingOfOurs) {
  const Folder base;
  const auto code = base.path() / "code";
  EXPECT_FALSE(holds_only(code, "src.tar.gz"));
  base.write("code/src.tar.gz", "x");
  EXPECT_TRUE(holds_only(code, "src.tar.gz"));
  EXPECT_FALSE(holds_only(code, "other.tar.gz"));
  base.write("code/.smlaunch-code.lock", "");
  EXPECT_TRUE(holds_only(code, "src.tar.gz"));
  base.write("code/train.py", "x");
  EXPECT_FALSE(holds_only(code, "src.tar.gz"));
  base.write("code/.smlaunch-code.whole/pkg/main.py", "x");
  EXPECT_TRUE(holds_only(code, "src.tar.gz")) << "whoever locks it goes on";
  std::filesystem::create_directories(base.path() / "folder/src.tar.gz");
  EXPECT_FALSE(holds_only(base.path() / "folder", "src.tar.gz"));
}

TEST(CodeFolder, IsWaitedForAndTheWaitMayBeEnded) {
  const Folder base;
  const auto code = base.path() / "code";
  auto first = CodeFolder::lock(code, never);
  ASSERT_TRUE(first);
  const auto refused = CodeFolder::lock(code, never);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().problems.front().what, "is held by another smlaunch that prepares the same code");
  // The first lets go while the second waits.
  std::optional<CodeFolder> held(std::move(*first));
  const auto second = CodeFolder::lock(code, [&] {
    held.reset();
    return true;
  });
  EXPECT_TRUE(second);
}

TEST(CodeFolder, SaysWhereItCannotBeMade) {
  const Folder base;
  base.write("file", "");
  const auto folder = CodeFolder::lock(base.path() / "file/code", never);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().problems.front().where, (base.path() / "file/.smlaunch-code.lock").native());
  EXPECT_EQ(folder.error().problems.front().what, "cannot be created: Not a directory");
}

TEST(IsCodeEmpty, CountsEverythingButOurOwn) {
  const Folder base;
  EXPECT_TRUE(is_code_empty(base.path() / "absent"));
  EXPECT_TRUE(is_code_empty(base.path()));
  base.write(".hidden", "");
  EXPECT_FALSE(is_code_empty(base.path()));
}

}  // namespace
}  // namespace smlaunch
