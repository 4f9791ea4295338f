// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/folder_watch.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace smlaunch {
namespace {

namespace fs = std::filesystem;
using Kind = FolderEvent::Kind;

TEST(FolderWatch, KnowsWhatAnEventAsksFor) {
  const std::vector<std::pair<std::uint32_t, WatchAction>> cases{
      {IN_CLOSE_WRITE, WatchAction::closed},
      {IN_MOVED_TO, WatchAction::closed},
      {IN_MOVED_FROM, WatchAction::gone},
      {IN_CREATE, WatchAction::none},
      {IN_CREATE | IN_ISDIR, WatchAction::watch_folder},
      {IN_MOVED_TO | IN_ISDIR, WatchAction::watch_folder},
      {IN_MOVED_FROM | IN_ISDIR, WatchAction::forget_folder},
      {IN_Q_OVERFLOW, WatchAction::look_again},
      {IN_IGNORED, WatchAction::none},
      {IN_DELETE_SELF | IN_ISDIR, WatchAction::none},
  };
  for (const auto& [mask, action] : cases) EXPECT_EQ(action_of(mask), action) << mask;
}

class FolderWatchTest : public testing::Test {
 protected:
  FolderWatchTest() {
    std::string name = (fs::temp_directory_path() / "watch-test-XXXXXX").string();
    top_ = ::mkdtemp(name.data());
    folder_ = top_ / "folder";
    fs::create_directories(folder_ / "own");
    watch_ = std::make_unique<FolderWatch>(folder_, "own");
    EXPECT_TRUE(watch_->start());
  }
  ~FolderWatchTest() override { fs::remove_all(top_); }

  void write(const std::string& name) const { std::ofstream(folder_ / name) << name; }
  void make(const std::string& name) const { fs::create_directories(folder_ / name); }
  void move(const fs::path& from, const fs::path& to) const { fs::rename(folder_ / from, folder_ / to); }

  // "closed a", sorted.
  std::vector<std::string> told(const std::vector<FolderEvent>& events) const {
    std::vector<std::string> texts;
    for (const FolderEvent& event : events)
      texts.push_back((event.kind == Kind::closed  ? "closed "
                       : event.kind == Kind::found ? "found "
                                                   : "gone ") +
                      event.path);
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  std::vector<std::string> read() { return told(watch_->read()); }

  fs::path top_;
  fs::path folder_;
  std::unique_ptr<FolderWatch> watch_;
};

using Texts = std::vector<std::string>;

TEST_F(FolderWatchTest, TellsWhatIsClosedAndMoved) {
  EXPECT_EQ(read(), Texts{});
  write("a");
  write("own/copy");
  EXPECT_EQ(read(), Texts{"closed a"});
  move("a", "b");
  EXPECT_EQ(read(), (Texts{"closed b", "gone a"}));
  std::ofstream(top_ / "outside") << "x";
  move(top_ / "outside", "in");
  EXPECT_EQ(read(), Texts{"closed in"});
  move("in", top_ / "outside");
  EXPECT_EQ(read(), Texts{"gone in"});
}

TEST_F(FolderWatchTest, WatchesFoldersThatComeLater) {
  make("new/deep");
  write("new/deep/first");
  EXPECT_EQ(read(), Texts{"found new/deep/first"});
  write("new/deep/second");
  write("new/third");
  EXPECT_EQ(read(), (Texts{"closed new/deep/second", "closed new/third"}));
  write("new/own");
  EXPECT_EQ(read(), Texts{"closed new/own"});
}

TEST_F(FolderWatchTest, FollowsAFolderThatIsRenamed) {
  make("old/deep");
  write("old/deep/a");
  (void)read();
  move("old", "new");
  EXPECT_EQ(read(), (Texts{"found new/deep/a", "gone old"}));
  write("new/deep/b");
  EXPECT_EQ(read(), Texts{"closed new/deep/b"});
  move("new", top_ / "away");
  EXPECT_EQ(read(), Texts{"gone new"});
  std::ofstream(top_ / "away" / "deep" / "c") << "c";
  EXPECT_EQ(read(), Texts{});
}

TEST_F(FolderWatchTest, LooksAtPlainFilesEverywhereButInItsOwnFolder) {
  make("a/b");
  write("a/b/file");
  write("own/copy");
  fs::create_directories(top_ / "elsewhere");
  std::ofstream(top_ / "elsewhere" / "file") << "x";
  fs::create_directory_symlink(top_ / "elsewhere", folder_ / "folder link");
  fs::create_symlink(top_ / "elsewhere" / "file", folder_ / "file link");
  fs::create_symlink("nowhere", folder_ / "broken link");
  EXPECT_EQ(told(watch_->look()), (Texts{"found a/b/file", "found file link"}));
}

TEST_F(FolderWatchTest, LooksAgainWhereEventsWereLost) {
  const std::string limit = [] {
    std::string text;
    std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> text;
    return text;
  }();
  const int events = std::atoi(limit.c_str());
  if (events > 100'000) GTEST_SKIP() << "fs.inotify.max_queued_events is " << limit;
  write("a");
  write("b");
  // Two names in turn: the same event twice in a row counts once.
  const std::array<std::string, 2> files{(folder_ / "a").string(), (folder_ / "b").string()};
  for (int i = 0; i <= events; ++i)
    ::close(::open(files[static_cast<std::size_t>(i) % 2].c_str(), O_WRONLY | O_CLOEXEC));
  make("late");
  write("late/c");
  const auto all = watch_->read();
  EXPECT_TRUE(std::count(all.begin(), all.end(), FolderEvent{Kind::found, "late/c"}) == 1);
  EXPECT_TRUE(std::count(all.begin(), all.end(), FolderEvent{Kind::found, "a"}) == 1);
}

}  // namespace
}  // namespace smlaunch
