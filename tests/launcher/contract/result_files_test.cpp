// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/result_files.hpp"

#include <gtest/gtest.h>

#include "base/unicode.hpp"
#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

TEST(ResultFiles, SuccessIsAnEmptyFile) {
  const Folder folder;
  const Paths paths = make_paths(folder.path() / "new");
  ASSERT_TRUE(write_success_file(paths));
  EXPECT_EQ(std::filesystem::file_size(paths.success), 0U);
  EXPECT_FALSE(std::filesystem::exists(paths.failure));
}

TEST(ResultFiles, FailureHoldsTheText) {
  const Folder folder;
  const Paths paths = make_paths(folder.path() / "new");
  ASSERT_TRUE(write_failure_file(paths, "rank 3 on algo-1 failed\n"));
  EXPECT_EQ(folder.read("new/output/failure"), "rank 3 on algo-1 failed\n");
}

TEST(ResultFiles, WhatTheUsersCodeHasWrittenStays) {
  const Folder folder;
  folder.write("output/failure", "mine");
  ASSERT_TRUE(write_failure_file(make_paths(folder.path()), "ours"));
  EXPECT_EQ(folder.read("output/failure"), "mine");
}

TEST(ResultFiles, AnEmptyFailureFileCountsAsNotWritten) {
  const Folder folder;
  folder.write("output/failure", "");
  ASSERT_TRUE(write_failure_file(make_paths(folder.path()), "ours"));
  EXPECT_EQ(folder.read("output/failure"), "ours");
}

TEST(ResultFiles, FailureIsAlwaysUtf8) {
  const Folder folder;
  ASSERT_TRUE(write_failure_file(make_paths(folder.path()), std::string("a\xFF\0b", 4)));
  EXPECT_EQ(folder.read("output/failure"), "a\uFFFD\uFFFDb");
}

TEST(ResultFiles, ALongTextIsCutAtALineElseAtACharacter) {
  const Folder folder;
  std::string lines;
  while (lines.size() < 100000) lines += "a line of the log\n";
  ASSERT_TRUE(write_failure_file(make_paths(folder.path() / "lines"), lines));
  const std::string cut = folder.read("lines/output/failure");
  EXPECT_LE(cut.size(), 65536U);
  EXPECT_GT(cut.size(), 65000U);
  EXPECT_TRUE(cut.ends_with("a line of the log\n[cut]\n"));

  std::string characters = "x";
  while (characters.size() < 100000) characters += "\u4E2D";
  ASSERT_TRUE(write_failure_file(make_paths(folder.path() / "characters"), characters));
  const std::string text = folder.read("characters/output/failure");
  EXPECT_EQ(find_invalid_utf8(text), std::nullopt);
  EXPECT_TRUE(text.ends_with("\u4E2D[cut]\n"));
}

TEST(ResultFiles, ErrorsNameThePathAndTheReason) {
  const Folder folder;
  folder.write("output", "a file in the folder's place");
  const Paths paths = make_paths(folder.path());
  const Result<void> success = write_success_file(paths);
  ASSERT_FALSE(success);
  EXPECT_EQ(success.error().problems.front().where, paths.output.native());
  EXPECT_EQ(success.error().problems.front().what, "cannot be created: Not a directory");

  const Folder other;
  std::filesystem::create_directories(other.path() / "output/failure");
  const Result<void> failure = write_failure_file(make_paths(other.path()), "text");
  ASSERT_FALSE(failure);
  EXPECT_EQ(failure.error().problems.front().where, (other.path() / "output/failure").native());
  EXPECT_EQ(failure.error().problems.front().what, "cannot be opened for writing: Is a directory");
}

TEST(ResultFiles, LongVariablesLieInFilesOfTheirOwn) {
  const Folder folder;
  const Paths paths = make_paths(folder.path() / "new");
  EXPECT_EQ(long_variable_file(paths, "SM_HPS"), paths.base / "output/data/smlaunch/env/SM_HPS");
  for (const std::string& value : {std::string(200000, 'x'), std::string("short\n")}) {
    ASSERT_TRUE(write_long_variable(paths, "SM_HPS", value));
    EXPECT_EQ(folder.read("new/output/data/smlaunch/env/SM_HPS"), value);
  }
  EXPECT_EQ(std::filesystem::status(long_variable_file(paths, "SM_HPS")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const Result<void> refused = write_long_variable(make_paths("/dev/null"), "SM_HPS", "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().problems.front().where, "/dev/null/output/data/smlaunch/env");
}

}  // namespace
}  // namespace smlaunch
