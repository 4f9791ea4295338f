// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_motion.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <thread>

namespace smlaunch {
namespace {

constexpr LookedTime busy{0.8, 1.0};
Motion judge(const std::vector<MotionLook>& looks) { return judge_motion(looks, busy); }

MotionLook at(std::uint64_t instruction, const std::string& module) { return {{instruction, module}}; }

TEST(RankMotion, ARankThatIsHereAndThereComputes) {
  const Motion motion =
      judge({at(1, "python3.11"), at(2, "libc.so.6"), {}, at(3, "python3.11"), at(4, "libtorch_cpu.so")});
  EXPECT_EQ(motion, (Motion{true, "python3.11"}));
  EXPECT_EQ(judge({at(1, ""), at(2, ""), at(3, "")}).where, "compiled code");
}

TEST(RankMotion, ARankThatRunsNowAndThenOnlyPolls) {
  EXPECT_FALSE(judge({at(1, "python3.11"), {}, {}, at(2, "python3.11")}).computes);
  EXPECT_FALSE(judge({{}, {}, {}}).computes);
  EXPECT_FALSE(judge({}).computes);
}

TEST(RankMotion, ARankThatPollsOnACrowdedMachineWaitsForAProcessorAndUsesNone) {
  const std::vector<MotionLook> looks = {at(1, "python3.11"), at(2, "libc.so.6"), at(3, "python3.11")};
  EXPECT_FALSE(judge_motion(looks, {0.01, 1.0}).computes);
  EXPECT_FALSE(judge_motion(looks, {0.03, 4.0}).computes);
  EXPECT_TRUE(judge_motion(looks, {0.05, 1.0}).computes);
}

TEST(RankMotion, ARankThatSpinsWhereRanksWaitForEachOtherDoesNotCompute) {
  for (const char* module : {"libmpi.so.40.30.4", "libopen-pal.so.40", "mca_btl_vader.so",
                             "libnccl.so.2.18.5", "libcuda.so.535.54", "libucp.so.0"}) {
    EXPECT_TRUE(is_waiting_module(module));
    EXPECT_FALSE(judge({at(1, module), at(2, "libc.so.6"), at(3, "[vdso]"), at(4, module)}).computes)
        << module;
  }
  for (const char* module : {"libtorch_cpu.so", "python3.11", "libcublas.so.12", "train", "libcudnn.so.8"})
    EXPECT_FALSE(is_waiting_module(module)) << module;
}

TEST(RankMotion, ARankWhoseStackDoesNotMoveDoesNotCompute) {
  EXPECT_FALSE(judge({at(7, "train"), at(7, "train"), at(7, "train")}).computes);
}

TEST(RankMotion, WhereTheKernelShowsNothingHavingRunCounts) {
  EXPECT_EQ(judge({at(0, ""), at(0, ""), {}}), (Motion{true, ""}));
  EXPECT_FALSE(judge({at(0, ""), {}, {}}).computes);
}

TEST(RankMotion, FindsTheModuleOfAnAddress) {
  const char* const maps =
      "55d0-55e0 r-xp 00000000 fe:01 123   /usr/bin/python3.11\n"
      "7f00-7f80 rw-p 00000000 00:00 0 \n"
      "7f80-7f90 r-xp 00000000 fe:01 99    /usr/lib/x86_64-linux-gnu/libc.so.6\n"
      "7fff-8000 r-xp 00000000 00:00 0     [vdso]\n";
  EXPECT_EQ(find_module(maps, 0x55d0), "python3.11");
  EXPECT_EQ(find_module(maps, 0x55e0), "");
  EXPECT_EQ(find_module(maps, 0x7f10), "");
  EXPECT_EQ(find_module(maps, 0x7f80), "libc.so.6");
  EXPECT_EQ(find_module(maps, 0x7fff), "[vdso]");
  for (const char* broken : {"", "\n\n", "zz", "55d0", "55d0-", "-55e0 x", "55d0-55e0"})
    EXPECT_EQ(find_module(broken, 0x55d1), "");
}

// Whoever was looked at goes on, and its end is its own.
TEST(RankMotion, ALookChangesNothingInTheProcess) {
  const pid_t child = fork();
  if (child == 0) {
    volatile unsigned long number = 0;
    while (number < 3'000'000'000UL) number = number + 1;
    _exit(7);
  }
  MotionLook look;
  std::thread([&] {
    for (int i = 0; i < 3; ++i)
      for (RunningThread& thread : look_at_threads({child})) look.push_back(std::move(thread));
  }).join();
  int status = 0;
  kill(child, SIGUSR1);
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
}

}  // namespace
}  // namespace smlaunch
