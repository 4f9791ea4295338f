// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/left_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

using namespace std::string_view_literals;

TEST(LeftProcess, IsNamedByItsProgramAndItsScript) {
  EXPECT_EQ(describe_command("python3\0upload.py\0--token=x\0"sv), "python3 upload.py");
  EXPECT_EQ(describe_command("/usr/bin/rsync\0"sv), "/usr/bin/rsync");
  EXPECT_EQ(describe_command("aws\0s3\0sync\0"sv), "aws s3");
  EXPECT_EQ(describe_command(""), "");
}

TEST(LeftProcess, ShowsNoOptionAndNoValue) {
  EXPECT_EQ(describe_command("curl\0https://user:secret@host/\0"sv), "curl");
  EXPECT_EQ(describe_command("env\0TOKEN=secret\0"sv), "env");
  EXPECT_EQ(describe_command("python3\0-c\0print(1)\0"sv), "python3");
}

TEST(LeftProcess, IsWhatRunsBelowUs) {
  EXPECT_THAT(find_left_processes(), testing::IsEmpty());
  auto child = spawn_child({.argv = {"cat"},
                            .environment = own_environment(),
                            .working_directory = {},
                            .death_signal = SIGKILL,
                            .has_input = true});
  ASSERT_TRUE(child);
  EXPECT_THAT(find_left_processes(), testing::ElementsAre(LeftProcess{child->pid, "cat"}));
  child->stdin_pipe.reset();
  (void)reap(child->pid);
  EXPECT_THAT(find_left_processes(), testing::IsEmpty());
}

TEST(LeftProcess, SaysOfWhichRankItIs) {
  EXPECT_EQ(parse_rank("HOME=/\0RANK=12\0LOCAL_RANK=3\0"sv), 12);
  for (const std::string_view other : {""sv, "LOCAL_RANK=3\0"sv, "RANK=\0"sv, "RANK=x\0"sv, "RANK=-1\0"sv})
    EXPECT_EQ(parse_rank(other), std::nullopt) << other;
}

}  // namespace
}  // namespace smlaunch
