// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_motion.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "launcher/inspect/thread_looks.hpp"

namespace smlaunch {
namespace {

constexpr LookedTime busy{0.8, 1.0};
constexpr std::uint64_t unseen = 0;

// Where one thread was at each look, "" for a look at which it did not run; each time at another instruction.
struct Thread {
  int tid = 1;
  std::vector<std::string> modules = {};
  double cpu_of_each = 0.05;
  std::uint64_t step = 1;  // between instructions
  bool is_seen = true;
};
std::vector<MotionLook> looks_at(const std::vector<Thread>& threads) {
  std::vector<MotionLook> looks(threads.front().modules.size());
  for (const Thread& thread : threads)
    for (std::size_t i = 0; i < looks.size(); ++i)
      if (!thread.modules[i].empty())
        looks[i].push_back({.tid = thread.tid,
                            .cpu_seconds = thread.cpu_of_each * static_cast<double>(i),
                            .instruction = thread.is_seen ? 100 + thread.step * i : unseen,
                            .module = thread.is_seen ? thread.modules[i] : ""});
  return looks;
}
Motion judge(const std::vector<std::string>& modules) { return judge_motion(looks_at({{1, modules}}), busy); }

TEST(RankMotion, ARankThatIsHereAndThereComputes) {
  EXPECT_EQ(judge({"python3.11", "libc.so.6", "", "python3.11", "libtorch_cpu.so"}),
            (Motion{true, "python3.11"}));
  // A shell is as often in the C library as in itself.
  EXPECT_EQ(judge({"dash", "libc.so.6", "libc.so.6", "dash", "libc.so.6", "dash", "[vdso]", "libc.so.6"}),
            (Motion{true, "dash"}));
}

TEST(RankMotion, CodeThatLiesInNoFileIsCompiledCode) {
  std::vector<MotionLook> looks = looks_at({{1, {"x", "x", "x"}}});
  for (MotionLook& look : looks) look.front().module.clear();
  EXPECT_EQ(judge_motion(looks, busy), (Motion{true, "compiled code"}));
}

TEST(RankMotion, ARankThatRunsNowAndThenOnlyPolls) {
  EXPECT_FALSE(judge({"python3.11", "", "", "python3.11"}).computes);
  EXPECT_FALSE(judge({"", "", ""}).computes);
  EXPECT_FALSE(judge_motion({}, busy).computes);
}

TEST(RankMotion, ARankThatPollsOnACrowdedMachineWaitsForAProcessorAndUsesNone) {
  const auto looks = looks_at({{1, {"python3.11", "libc.so.6", "python3.11"}}});
  EXPECT_FALSE(judge_motion(looks, {0.01, 1.0}).computes);
  EXPECT_FALSE(judge_motion(looks, {0.03, 4.0}).computes);
  EXPECT_TRUE(judge_motion(looks, {0.05, 1.0}).computes);
}

TEST(RankMotion, ARankThatSpinsWhereRanksWaitForEachOtherDoesNotCompute) {
  for (const char* module : {"libmpi.so.40.30.4", "libopen-pal.so.40", "mca_btl_vader.so",
                             "libnccl.so.2.18.5", "libcuda.so.535.54", "libucp.so.0"}) {
    EXPECT_TRUE(is_waiting_module(module));
    EXPECT_FALSE(judge({module, "libc.so.6", "[vdso]", module}).computes) << module;
  }
  for (const char* module : {"libtorch_cpu.so", "python3.11", "libcublas.so.12", "train", "libcudnn.so.8"})
    EXPECT_FALSE(is_waiting_module(module)) << module;
}

// Of hundreds of ranks that spin, some are seen in the loop around it now and then.
TEST(RankMotion, StraySamplesMakeNoHungRankAlive) {
  const std::string spins = "libcuda.so.535.54";
  EXPECT_FALSE(judge({spins, spins, "libtorch_cuda.so", spins, "python3.11", spins, spins, spins}).computes);
  // Another one wakes up, says hello and sleeps.
  EXPECT_FALSE(
      judge_motion(looks_at({{1, {spins, spins, spins, spins}}, {2, {"", "python3.11", "", ""}}}), busy)
          .computes);
  // A yield is a call of the C library.
  EXPECT_FALSE(judge({"libc.so.6", "libc.so.6", "train", "libc.so.6", "libc.so.6"}).computes);
}

TEST(RankMotion, WhatManyThreadsDoNowAndThenIsNotWhatOneDoes) {
  EXPECT_FALSE(judge_motion(looks_at({{1, {"python3.11", "", "", ""}},
                                      {2, {"", "python3.11", "", ""}},
                                      {3, {"", "", "python3.11", ""}},
                                      {4, {"", "", "", "python3.11"}}}),
                            busy)
                   .computes);
}

TEST(RankMotion, TheProcessorOfOneThreadIsNoOthers) {
  const std::string spins = "libcuda.so.535.54";
  const Thread spinner{1, {spins, spins, spins, spins}};
  Thread poller{2, {"train", "train", "train", "train"}, 0.001};
  EXPECT_FALSE(judge_motion(looks_at({spinner, poller}), busy).computes);
  poller.cpu_of_each = 0.05;
  EXPECT_EQ(judge_motion(looks_at({spinner, poller}), busy), (Motion{true, "train"}));
}

TEST(RankMotion, ARankWhoseStackDoesNotMoveDoesNotCompute) {
  EXPECT_FALSE(judge_motion(looks_at({{1, {"train", "train", "train"}, 0.05, 0}}), busy).computes);
}

TEST(RankMotion, WhereTheKernelShowsNothingHavingRunCounts) {
  EXPECT_EQ(judge_motion(looks_at({{1, {"x", "x", ""}, 0.05, 1, false}}), busy), (Motion{true, ""}));
  EXPECT_FALSE(judge_motion(looks_at({{1, {"x", "", ""}, 0.05, 1, false}}), busy).computes);
}

// It did not stop in time now and then.
TEST(RankMotion, WhatWasSeenCountsMoreThanWhatWasNot) {
  auto looks = looks_at({{1, {"libmpi.so.40", "x", "x", "libmpi.so.40"}}});
  for (const std::size_t i : {1U, 2U})
    looks[i].front() = {.tid = 1, .cpu_seconds = looks[i].front().cpu_seconds};
  EXPECT_FALSE(judge_motion(looks, busy).computes);
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
    while (true) number = number + 1;
  }
  std::size_t seen = 0;
  std::thread([&] {
    ThreadLooks threads;
    while (seen == 0)
      for (const RunningThread& thread : threads.look({child})) seen += thread.instruction != 0 ? 1U : 0U;
    for (int i = 0; i < 3; ++i) threads.look({child});
  }).join();
  int status = 0;
  kill(child, SIGUSR1);
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
}

// A signal stops a thread that is looked at before it arrives.
TEST(RankMotion, ASignalThatMeetsALookArrives) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    static int out;
    out = ends[1];
    struct sigaction action {};
    action.sa_handler = [](int) { (void)!write(out, "y", 1); };
    sigaction(SIGUSR1, &action, nullptr);
    (void)!write(out, "x", 1);
    volatile unsigned long number = 0;
    while (true) number = number + 1;
  }
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  std::thread([&] {
    ASSERT_EQ(ptrace(PTRACE_SEIZE, child, nullptr, nullptr), 0);
    EXPECT_FALSE(let_go_of(child)) << "it runs, so it is ours yet";
    kill(child, SIGUSR1);
    while (!let_go_of(child)) std::this_thread::yield();
  }).join();
  pollfd asked{ends[0], POLLIN, 0};
  const int heard = poll(&asked, 1, 20'000);
  kill(child, SIGKILL);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(heard, 1) << "the signal was lost";
  EXPECT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  EXPECT_TRUE(let_go_of(child)) << "it is gone";
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace smlaunch
