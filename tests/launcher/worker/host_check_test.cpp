// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/host_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "launcher/worker/bounded_program.hpp"

namespace smlaunch {
namespace {

TEST(HostCheck, ComesBackFromItsWord) {
  for (const HostCheck& check :
       {HostCheck{}, HostCheck{.command = "echo 'a b'\n; exit 3 # \xff"},
        HostCheck{
            .command = "", .paths = {"/a b", "", "/c"}, .gpu_memory_wait = std::chrono::milliseconds(60000)},
        HostCheck{.command = "x", .gpus = {"0000:3b:00.0"}},
        HostCheck{.command = "x", .paths = {"/a"}, .gpus = {"0000:3b:00.0", "0000:5e:00.0"}}})
    EXPECT_EQ(decode_host_check(encode(check)), check);
  for (const char* wrong : {"", "0", "zz", "30", "3000zz", "2d3100", "310", "3000", "300041"})
    EXPECT_EQ(decode_host_check(wrong), std::nullopt) << wrong;
}

std::optional<std::string> problem_of(const HostCheck& check) { return run_host_check(check).problem; }

TEST(HostCheck, HoldsWhereTheCommandSucceedsAndPathsAreWritable) {
  EXPECT_EQ(problem_of({.command = "echo odd words >&2", .paths = {testing::TempDir()}}), std::nullopt);
  EXPECT_EQ(problem_of({}), std::nullopt);
}

TEST(HostCheck, SaysTheLastLineOrTheExitCode) {
  EXPECT_EQ(problem_of({.command = "echo looking; echo 'disk is old' >&2; echo; exit 3"}),
            "its check (--host-check) failed: disk is old");
  EXPECT_EQ(problem_of({.command = "exit 3"}), "its check (--host-check) failed: exited with code 3");
  EXPECT_EQ(problem_of({.command = "true", .paths = {"/nowhere/at/all"}}), "/nowhere/at/all: does not exist");
}

// A disk without room takes a name, and no byte.
TEST(HostCheck, APathThatTakesNoBytesIsNotFit) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "there is no /dev/full";
  std::string folder = testing::TempDir() + "check.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  // mktemp(1) of a made-up PATH gives the full device in the place of a file.
  const std::string before = getenv("PATH");
  std::filesystem::create_directory(folder + "/bin");
  std::ofstream(folder + "/bin/mktemp") << "#!/bin/sh\nln -s /dev/full \"$1\"; echo \"$1\"\n";
  std::filesystem::permissions(folder + "/bin/mktemp", std::filesystem::perms::owner_all);
  setenv("PATH", (folder + "/bin:" + before).c_str(), 1);
  EXPECT_THAT(problem_of({.paths = {folder}}).value_or(""), testing::HasSubstr("No space left on device"));
  setenv("PATH", before.c_str(), 1);
  std::filesystem::remove_all(folder);
}

TEST(HostCheck, WhatTheCommandLeavesRunningIsNotWaitedFor) {
  const std::string folder = testing::TempDir();
  EXPECT_EQ(problem_of({.command = "sleep 1000 & echo $! > " + folder + "left; exit 0"}), std::nullopt);
  int left = 0;
  std::ifstream(folder + "left") >> left;
  EXPECT_EQ(kill(left, SIGKILL), 0) << "a daemon of the check goes on";
}

TEST(HostCheck, ComesBackFromItsLines) {
  for (const HostCheckResult& each : {HostCheckResult{}, HostCheckResult{.problem = "a: b"},
                                      HostCheckResult{.problem = std::nullopt, .remark = "GPU 3"},
                                      HostCheckResult{.problem = "p", .remark = "r"}})
    EXPECT_EQ(parse_host_check("smlaunch 1.0\n" + render_host_check(each)), each);
}

NvmlGpu gpu(int index, std::uint64_t used_gib) {
  NvmlGpu made;
  made.index = index;
  made.pci = "pci " + std::to_string(index);
  made.memory_bytes = 80ULL << 30U;
  made.memory_used = used_gib << 30U;
  return made;
}

TEST(HostCheck, SaysWhichGpuOfTheRanksStillHasTheMemoryOfTheTryBefore) {
  const std::vector<std::string> all = {"pci 0", "pci 1", "pci 2"};
  EXPECT_EQ(find_used_gpu({}, all), std::nullopt);
  EXPECT_EQ(find_used_gpu({gpu(0, 0), gpu(1, 3)}, all), std::nullopt) << "the driver keeps some";
  EXPECT_EQ(find_used_gpu({gpu(0, 10), gpu(1, 0), gpu(2, 60)}, all),
            "GPU 2: 60.0 of 80.0 GiB of its memory are in use");
  EXPECT_EQ(find_used_gpu({gpu(0, 10), gpu(1, 0), gpu(2, 60)}, {"pci 0", "pci 1"}),
            "GPU 0: 10.0 of 80.0 GiB of its memory are in use");
  EXPECT_EQ(find_used_gpu({gpu(0, 10)}, {}), std::nullopt) << "no rank uses it";
}

TEST(BoundedProgram, IsKilledAtItsBoundWithWhatItHasStarted) {
  auto program = BoundedProgram::start({"/bin/sh", "-c", "echo begun; sleep 1000; echo no"},
                                       std::chrono::milliseconds(1));
  ASSERT_TRUE(program);
  EXPECT_TRUE(program->wait(std::chrono::hours(1)));
  EXPECT_FALSE(program->status());
}

TEST(BoundedProgram, IsLookedAtWithoutWaiting) {
  auto program = BoundedProgram::start({"/bin/sh", "-c", "read line < /dev/zero; exec sleep 1000"},
                                       std::chrono::hours(1));
  ASSERT_TRUE(program);
  EXPECT_FALSE(program->wait(std::chrono::milliseconds(0)));
}

TEST(BoundedProgram, KeepsItsLastWordsHoweverMany) {
  auto program = BoundedProgram::start({"/bin/sh", "-c", "seq 1 100000; echo the end >&2; exit 4"},
                                       std::chrono::hours(1));
  ASSERT_TRUE(program);
  ASSERT_TRUE(program->wait(std::chrono::hours(1)));
  EXPECT_EQ(program->status(), ExitStatus(Exited{4}));
  EXPECT_THAT(program->output(), testing::HasSubstr("100000\n"));
  EXPECT_THAT(program->output(), testing::HasSubstr("the end\n"));
  EXPECT_LE(program->output().size(), 64U << 10U);
}

TEST(BoundedProgram, ThatCannotBeStartedIsAnError) {
  const auto program = BoundedProgram::start({"/nowhere/at/all"}, std::chrono::hours(1));
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().fault, Fault::start);
}

}  // namespace
}  // namespace smlaunch
