// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_thread_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "base/read_file.hpp"

namespace smlaunch {
namespace {

class RankThreadFolderTest : public testing::Test {
 protected:
  RankThreadFolderTest() {
    std::string pattern = "/tmp/threads.XXXXXX";
    folder = mkdtemp(pattern.data());
  }
  ~RankThreadFolderTest() override { std::filesystem::remove_all(folder); }

  [[nodiscard]] RankThreadFolder make() const {
    auto made = RankThreadFolder::make({folder}, 3);
    if (!made) throw std::runtime_error(made.error().problems.front().what);
    return std::move(*made);
  }

  std::string folder;
};

TEST_F(RankThreadFolderTest, HoldsTheScriptForThisUserAloneAndGoesWithItsMaker) {
  std::string path;
  {
    const RankThreadFolder made = make();
    path = made.path();
    struct stat facts {};
    ASSERT_EQ(stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 07777, 0700U);
    EXPECT_EQ(read_small_file(path + "/sitecustomize.py"), rank_thread_script());
    EXPECT_EQ(read_small_file(path + "/tell.py"), rank_tell_script());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(RankThreadFolderTest, RemovesWhatNobodyHolds) {
  std::filesystem::create_directory(folder + "/python.7.abcdef");
  const RankThreadFolder first = make();
  EXPECT_FALSE(std::filesystem::exists(folder + "/python.7.abcdef"));
  const RankThreadFolder second = make();
  EXPECT_TRUE(std::filesystem::exists(first.path())) << "its maker is there";
  EXPECT_NE(first.path(), second.path());
}

TEST_F(RankThreadFolderTest, TakesTheFirstFolderThatIsShortEnoughForASocket) {
  const std::string longer = folder + "/" + std::string(100, 'x');
  std::filesystem::create_directory(longer);
  const auto made = RankThreadFolder::make({longer, folder}, 3);
  ASSERT_TRUE(made);
  EXPECT_EQ(std::filesystem::path(made->path()).parent_path(), folder);
  EXPECT_FALSE(RankThreadFolder::make({longer}, 3));
  EXPECT_FALSE(RankThreadFolder::make({}, 3));
}

TEST_F(RankThreadFolderTest, StandsFirstInThePathOfPython) {
  RankThreadFolder made = make();
  std::map<std::string, std::string> environment = {{"PYTHONPATH", "/code:/lib"}};
  made.add_variables(environment);
  EXPECT_EQ(environment["PYTHONPATH"], made.path() + ":/code:/lib");
  environment.clear();
  made.add_variables(environment);
  EXPECT_EQ(environment["PYTHONPATH"], made.path());
}

TEST_F(RankThreadFolderTest, SwitchesTheRecorderOnWhereTheUserHasNotSaidHow) {
  RankThreadFolder made = make();
  std::map<std::string, std::string> environment;
  made.add_variables(environment);
  EXPECT_EQ(environment["TORCH_FR_BUFFER_SIZE"], "2000");
  EXPECT_EQ(environment["TORCH_NCCL_TRACE_BUFFER_SIZE"], "2000");
  for (const char* name : {"TORCH_FR_BUFFER_SIZE", "TORCH_NCCL_TRACE_BUFFER_SIZE"}) {
    std::map<std::string, std::string> users = {{name, "0"}};
    made.add_variables(users);
    EXPECT_EQ(users[name], "0");
    EXPECT_EQ(users.size(), 2U) << "and PYTHONPATH; they mean the same to some versions";
  }
}

TEST_F(RankThreadFolderTest, HasPyTorchWriteBesideTheReport) {
  std::filesystem::create_directory(folder + "/data");
  const std::string dumps = folder + "/data/smlaunch/hang";
  {
    RankThreadFolder made = make();
    std::map<std::string, std::string> environment = {{"SM_OUTPUT_DATA_DIR", folder + "/data"}};
    made.add_variables(environment);
    EXPECT_EQ(environment["TORCH_FR_DUMP_TEMP_FILE"], dumps + "/nccl-rank-");
    EXPECT_EQ(environment["TORCH_NCCL_DEBUG_INFO_TEMP_FILE"], dumps + "/nccl-rank-");
    EXPECT_TRUE(std::filesystem::is_directory(dumps));
    std::map<std::string, std::string> users = {{"SM_OUTPUT_DATA_DIR", folder + "/data"},
                                                {"TORCH_FR_DUMP_TEMP_FILE", "/mine"}};
    made.add_variables(users);
    EXPECT_EQ(users["TORCH_FR_DUMP_TEMP_FILE"], "/mine");
    EXPECT_FALSE(users.contains("TORCH_NCCL_DEBUG_INFO_TEMP_FILE"));
  }
  EXPECT_FALSE(std::filesystem::exists(dumps)) << "nothing was written";
  RankThreadFolder made = make();
  std::map<std::string, std::string> elsewhere = {{"SM_OUTPUT_DATA_DIR", folder + "/none"}};
  made.add_variables(elsewhere);
  EXPECT_FALSE(elsewhere.contains("TORCH_FR_DUMP_TEMP_FILE"));
}

}  // namespace
}  // namespace smlaunch
