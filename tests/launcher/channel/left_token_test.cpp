// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/left_token.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "launcher/channel/token.hpp"

namespace smlaunch {
namespace {

using std::chrono::hours;
namespace fs = std::filesystem;

struct Temporary {
  Temporary() {
    std::string name = (fs::temp_directory_path() / "left-token-XXXXXX").string();
    root = mkdtemp(name.data());
    folder = fmt::format("{}/smlaunch-{}", root, getuid());
  }
  ~Temporary() { fs::remove_all(root); }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  std::string root;
  std::string folder;
};

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  return lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0;
}

TEST(LeftToken, IsFoundByItsJobAndCanBeReadByThisUserAlone) {
  const Temporary here;
  const std::string token = make_token();
  ASSERT_TRUE(leave_token("a1b2", token, here.root));
  EXPECT_EQ(find_left_token("a1b2", here.root), token);
  EXPECT_FALSE(find_left_token("a1b3", here.root)) << "another job's";
  EXPECT_EQ(mode_of(here.folder), 0700U);
  EXPECT_EQ(mode_of(here.folder + "/token.a1b2"), 0600U);
  const std::string again = make_token();
  ASSERT_TRUE(leave_token("a1b2", again, here.root));
  EXPECT_EQ(find_left_token("a1b2", here.root), again);
}

TEST(LeftToken, LeavesNothingWhenItIsRemovedLast) {
  const Temporary here;
  ASSERT_TRUE(leave_token("a", make_token(), here.root));
  ASSERT_TRUE(leave_token("b", make_token(), here.root));
  remove_left_token("a", here.root);
  EXPECT_FALSE(find_left_token("a", here.root));
  EXPECT_TRUE(find_left_token("b", here.root));
  remove_left_token("b", here.root);
  EXPECT_TRUE(fs::is_empty(here.root));
  remove_left_token("b", here.root);
}

TEST(LeftToken, IsFoundWhereSomebodyElseHadTheUsualFolderForAWhile) {
  const Temporary here;
  ASSERT_EQ(mkdir(here.folder.c_str(), 0755), 0);  // not ours alone
  const std::string token = make_token();
  ASSERT_TRUE(leave_token("a", token, here.root));
  ASSERT_EQ(rmdir(here.folder.c_str()), 0);
  ASSERT_TRUE(leave_token("b", make_token(), here.root));
  EXPECT_EQ(mode_of(here.folder + "/token.b"), 0600U);
  EXPECT_EQ(find_left_token("a", here.root), token);
  remove_left_token("a", here.root);
  remove_left_token("b", here.root);
  EXPECT_TRUE(fs::is_empty(here.root));
}

TEST(LeftToken, OfAJobThatHasNeverBegunGoesWithTheNextOneAfterADay) {
  const Temporary here;
  ASSERT_TRUE(leave_token("a", make_token(), here.root));
  ASSERT_TRUE(leave_token("b", make_token(), here.root));
  fs::last_write_time(here.folder + "/token.a", fs::file_time_type::clock::now() - hours(25));
  std::ofstream(here.folder + "/heartbeats").put('x');
  fs::last_write_time(here.folder + "/heartbeats", fs::file_time_type::clock::now() - hours(25));
  ASSERT_TRUE(leave_token("c", make_token(), here.root));
  EXPECT_FALSE(find_left_token("a", here.root));
  EXPECT_TRUE(find_left_token("b", here.root));
  EXPECT_TRUE(fs::exists(here.folder + "/heartbeats")) << "it is no token";
}

TEST(LeftToken, IsNoneWhereTheFileCouldBeAnothersOrIsNoToken) {
  const Temporary here;
  const std::string file = here.folder + "/token.a";
  const auto left = [&](const std::string& text, mode_t mode) {
    EXPECT_TRUE(leave_token("a", text, here.root));
    chmod(file.c_str(), mode);
    return find_left_token("a", here.root);
  };
  const std::string token = make_token();
  EXPECT_TRUE(left(token, 0600));
  EXPECT_FALSE(left(token, 0640));
  EXPECT_FALSE(left(token.substr(1), 0600));
  EXPECT_FALSE(left(token + "0", 0600));
  EXPECT_FALSE(left(std::string(64, 'x'), 0600));
  ASSERT_TRUE(leave_token("b", token, here.root));
  fs::remove(file);
  fs::create_symlink(here.folder + "/token.b", file);
  EXPECT_FALSE(find_left_token("a", here.root)) << "a link";
}

TEST(LeftToken, IsOfAJobsMarkerOnly) {
  const Temporary here;
  for (const char* job : {"", "../a", "a/b", "A", "a b", "a\n"}) {
    const auto left = leave_token(job, make_token(), here.root);
    ASSERT_FALSE(left) << job;
    EXPECT_EQ(left.error().problems.front().what, "is no marker of a job");
    EXPECT_FALSE(find_left_token(job, here.root)) << job;
    remove_left_token(job, here.root);
  }
  EXPECT_TRUE(fs::is_empty(here.root));
}

TEST(LeftToken, SaysWhereItCannotBeLeft) {
  const Temporary here;
  const auto left = leave_token("a", make_token(), here.root + "/missing");
  ASSERT_FALSE(left);
  EXPECT_EQ(left.error().problems.front().where, fmt::format("{}/missing/smlaunch-{}", here.root, getuid()));
  EXPECT_EQ(left.error().problems.front().what,
            "no folder of this user's alone can be made: No such file or directory");
}

}  // namespace
}  // namespace smlaunch
