// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/search_path.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using Names = std::vector<std::string>;

TEST(SearchPath, LooksInEachFolderInTurn) {
  EXPECT_EQ(search_path_candidates("mpirun", {{"PATH", "/a:/b/c"}}), (Names{"/a/mpirun", "/b/c/mpirun"}));
  EXPECT_EQ(search_path_candidates("mpirun", {{"PATH", ":/a:"}}),
            (Names{"./mpirun", "/a/mpirun", "./mpirun"}));
  EXPECT_EQ(search_path_candidates("mpirun", {{"PATH", ""}}), Names{"./mpirun"});
}

TEST(SearchPath, HasFoldersOfItsOwnWithoutThatVariable) {
  EXPECT_EQ(search_path_candidates("mpirun", {}),
            (Names{"/usr/local/bin/mpirun", "/usr/bin/mpirun", "/bin/mpirun"}));
}

TEST(SearchPath, TakesANameWithASlashAsItIs) {
  EXPECT_EQ(search_path_candidates("./run.sh", {{"PATH", "/a"}}), Names{"./run.sh"});
  EXPECT_EQ(find_on_path("/nowhere/run.sh", {{"PATH", "/a"}}), "/nowhere/run.sh");
}

TEST(SearchPath, FindsOnlyExecutableFiles) {
  EXPECT_EQ(find_on_path("sh", {{"PATH", "/nowhere:/bin"}}), "/bin/sh");
  EXPECT_EQ(find_on_path("passwd", {{"PATH", "/etc"}}), "");
  EXPECT_EQ(find_on_path("bin", {{"PATH", "/usr"}}), "");
}

}  // namespace
}  // namespace smlaunch
