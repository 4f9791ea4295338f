// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/write_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/read_file.hpp"

namespace smlaunch {
namespace {

struct Folder {
  Folder() {
    std::string made = std::filesystem::temp_directory_path() / "smlaunch.XXXXXX";
    if (mkdtemp(made.data()) != nullptr) path = made;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path path;
};

TEST(NewFile, HasTheTextAndIsItsOwnersAlone) {
  const Folder here;
  ASSERT_TRUE(write_new_file(here.path / "a", "one\ntwo\n"));
  EXPECT_EQ(read_small_file(here.path / "a"), "one\ntwo\n");
  struct stat facts {};
  ASSERT_EQ(stat((here.path / "a").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0600U);
}

TEST(NewFile, IsNotWrittenWhereThereIsOneOrNoFolder) {
  const Folder here;
  ASSERT_TRUE(write_new_file(here.path / "a", "first"));
  const auto again = write_new_file(here.path / "a", "second");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().problems.front().where, (here.path / "a").string());
  EXPECT_EQ(again.error().problems.front().what, "cannot be written: File exists");
  EXPECT_EQ(read_small_file(here.path / "a"), "first");
  const auto nowhere = write_new_file(here.path / "none/a", "");
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error().problems.front().what, "cannot be written: No such file or directory");
}

}  // namespace
}  // namespace smlaunch
