// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/host_check.hpp"

#include <gtest/gtest.h>

namespace smlaunch {
namespace {

TEST(HostCheck, ComesBackFromItsWord) {
  for (const HostCheck& check :
       {HostCheck{}, HostCheck{.command = "echo 'a b'\n; exit 3 # \xff"},
        HostCheck{
            .command = "", .paths = {"/a b", "", "/c"}, .gpu_memory_wait = std::chrono::milliseconds(60000)}})
    EXPECT_EQ(decode_host_check(encode(check)), check);
  for (const char* wrong : {"", "0", "zz", "30", "3000zz", "2d3100", "310"})
    EXPECT_EQ(decode_host_check(wrong), std::nullopt) << wrong;
}

TEST(HostCheck, HoldsWhereTheCommandSucceedsAndPathsAreWritable) {
  EXPECT_EQ(run_host_check({.command = "echo odd words >&2", .paths = {testing::TempDir()}}), "");
  EXPECT_EQ(run_host_check({}), "");
}

TEST(HostCheck, SaysTheLastLineOrTheExitCode) {
  EXPECT_EQ(run_host_check({.command = "echo looking; echo 'disk is old' >&2; echo; exit 3"}),
            "its check (--host-check) failed: disk is old");
  EXPECT_EQ(run_host_check({.command = "exit 3"}), "its check (--host-check) failed: exited with code 3");
  EXPECT_EQ(run_host_check({.command = "true", .paths = {"/nowhere/at/all"}}),
            "/nowhere/at/all: does not exist");
}

NvmlGpu gpu(int index, std::uint64_t used_gib) {
  NvmlGpu made;
  made.index = index;
  made.memory_bytes = 80ULL << 30U;
  made.memory_used = used_gib << 30U;
  return made;
}

TEST(HostCheck, SaysWhichGpuStillHasTheMemoryOfTheTryBefore) {
  EXPECT_EQ(find_used_gpu({}), "");
  EXPECT_EQ(find_used_gpu({gpu(0, 0), gpu(1, 3)}), "") << "the driver keeps some";
  EXPECT_EQ(find_used_gpu({gpu(0, 10), gpu(1, 0), gpu(2, 60)}),
            "GPU 2: 60.0 of 80.0 GiB of its memory are in use");
}

}  // namespace
}  // namespace smlaunch
