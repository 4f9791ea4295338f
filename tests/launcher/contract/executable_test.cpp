// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/executable.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

mode_t mode_of(const std::filesystem::path& file) {
  struct stat facts {};
  EXPECT_EQ(stat(file.c_str(), &facts), 0) << file;
  return facts.st_mode & 07777U;
}

TEST(Executable, IsWhatLiesBelowTheFolder) {
  for (const char* below : {"./run.sh", "bin/run", "/code/run.sh", "./a/../run.sh"})
    EXPECT_TRUE(is_program_below(below, "/code")) << below;
  for (const char* elsewhere : {"run.sh", "../run.sh", "/bin/true", "./", "./../code2/run.sh", "/code2/run"})
    EXPECT_FALSE(is_program_below(elsewhere, "/code")) << elsewhere;
  EXPECT_FALSE(is_program_below("./run.sh", ""));
}

TEST(Executable, IsMadeForThoseWhoMayReadIt) {
  const Folder folder;
  folder.write("code/run.sh", "#!/bin/sh\n");
  folder.write("code/private.sh", "#!/bin/sh\n");
  folder.write("other.sh", "#!/bin/sh\n");
  const auto code = folder.path() / "code";
  chmod((code / "run.sh").c_str(), 0644);
  chmod((code / "private.sh").c_str(), 0600);
  chmod((folder.path() / "other.sh").c_str(), 0644);
  make_program_executable("./run.sh", code);
  make_program_executable("./private.sh", code);
  make_program_executable("../other.sh", code);
  make_program_executable("./absent.sh", code);
  EXPECT_EQ(mode_of(code / "run.sh"), 0755U);
  EXPECT_EQ(mode_of(code / "private.sh"), 0700U);
  EXPECT_EQ(mode_of(folder.path() / "other.sh"), 0644U);
  chmod((code / "run.sh").c_str(), 0744);
  make_program_executable("./run.sh", code);
  EXPECT_EQ(mode_of(code / "run.sh"), 0744U) << "its owner may execute it already";
}

}  // namespace
}  // namespace smlaunch
