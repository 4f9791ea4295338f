// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/private_folders.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace smlaunch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

struct Places {
  Places() {
    std::string name = (std::filesystem::temp_directory_path() / "private-folders-XXXXXX").string();
    root = mkdtemp(name.data());
    places = {root + "/run", root + "/tmp"};
    usual = fmt::format("{}/tmp/smlaunch-{}", root, getuid());
    mkdir(places.runtime.c_str(), 0700);
    mkdir(places.temporary.c_str(), 0777);
  }
  ~Places() { std::filesystem::remove_all(root); }
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;
  std::string root;
  PrivatePlaces places;
  std::string usual;
};

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  return lstat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0;
}

TEST(PrivateFolders, AreInTheRuntimeFolderAndWhereALoginLooks) {
  const Places here;
  EXPECT_THAT(find_private_folders(here.places), IsEmpty());
  const auto made = make_private_folders(here.places);
  EXPECT_THAT(made.value(), ElementsAre(here.places.runtime + "/smlaunch", here.usual));
  EXPECT_EQ(find_private_folders(here.places), *made);
  EXPECT_EQ(make_private_folders(here.places).value(), *made) << "they are made once";
  for (const std::string& folder : *made) EXPECT_EQ(mode_of(folder), 0700U);
  EXPECT_THAT(find_private_folders({"", here.places.temporary}), ElementsAre(here.usual))
      << "a login finds one of them without our environment";
}

TEST(PrivateFolders, WithoutARuntimeFolderOrWhereOthersMayEnterItThereIsTheOtherOne) {
  Places here;
  chmod(here.places.runtime.c_str(), 0777);
  EXPECT_THAT(make_private_folders(here.places).value(), ElementsAre(here.usual));
  here.places.runtime = "";
  EXPECT_THAT(make_private_folders(here.places).value(), ElementsAre(here.usual));
}

TEST(PrivateFolders, ASquatterDoesNotStopUs) {
  enum class Squat { open_folder, file, link };
  for (const Squat squat : {Squat::open_folder, Squat::file, Squat::link}) {
    Places here;
    here.places.runtime = "";
    if (squat == Squat::open_folder) {
      mkdir(here.usual.c_str(), 0700);
      chmod(here.usual.c_str(), 0777);
    } else if (squat == Squat::file) {
      std::filesystem::copy_file("/proc/self/cmdline", here.usual);
    } else {
      mkdir((here.root + "/theirs").c_str(), 0700);
      std::filesystem::create_symlink(here.root + "/theirs", here.usual);
    }
    const auto made = make_private_folders(here.places);
    ASSERT_TRUE(made);
    EXPECT_THAT(*made, ElementsAre(StartsWith(here.usual + ".")));
    EXPECT_EQ(mode_of(made->front()), 0700U);
    EXPECT_EQ(find_private_folders(here.places), *made);
    EXPECT_EQ(make_private_folders(here.places).value(), *made) << "the next one takes the same";
  }
}

TEST(PrivateFolders, AreTakenAwayByWhoLeavesThemEmpty) {
  const Places here;
  const auto made = make_private_folders(here.places).value();
  std::filesystem::copy_file("/proc/self/cmdline", made.back() + "/somebody's");
  leave_private_folders(here.places);
  EXPECT_EQ(find_private_folders(here.places), std::vector<std::string>{made.back()});
  std::filesystem::remove(made.back() + "/somebody's");
  leave_private_folders(here.places);
  EXPECT_TRUE(find_private_folders(here.places).empty());
}

TEST(PrivateFolders, WhereNoneCanBeMadeThatIsSaid) {
  const Places here;
  const auto made = make_private_folders({"", here.root + "/no/such/folder"});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().problems.front().what,
            "no folder of this user's alone can be made: No such file or directory");
}

}  // namespace
}  // namespace smlaunch
