// SPDX-License-Identifier: Apache-2.0
// Debuggers of the tests' own, as scripts, look at a process that sleeps.
#include "launcher/inspect/take_native_stacks.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "launcher/inspect/inspect_processes.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/proc_stat.hpp"

namespace smlaunch {
namespace {

using std::chrono::steady_clock;

const std::atomic<bool> goes_on = false;
constexpr auto far = std::chrono::minutes(1);

class NativeStacks : public testing::Test {
 protected:
  NativeStacks() {
    std::filesystem::create_directories(folder_);
    auto child =
        spawn_child({.argv = {"sleep", "600"}, .environment = own_environment(), .working_directory = {}});
    if (child) pid_ = child->pid;
    EXPECT_GT(pid_, 0);
    EXPECT_EQ(settled_state(), 'S');
  }
  ~NativeStacks() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      (void)reap(pid_);
    }
    std::filesystem::remove_all(folder_);
  }

  std::string script(const std::string& name, const std::string& text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << "#!/bin/sh\n" << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  ProcessState look(const NativeTools& tools, std::chrono::milliseconds bound = far) {
    RankState state = inspect_processes(pid_, false);
    EXPECT_EQ(state.processes.size(), 1U);
    take_native_stacks(state, tools, steady_clock::now() + bound, goes_on);
    return state.processes.front();
  }
  [[nodiscard]] char state_now() const {
    const auto stat = read_proc_stat(pid_);
    return stat ? stat->state : '?';
  }
  // A program that runs, or waits for its own pages ('D'), has not come to its sleep.
  [[nodiscard]] char settled_state() const {
    char state = state_now();
    for (; state == 'R' || state == 'D'; state = state_now()) std::this_thread::yield();
    return state;
  }

  std::filesystem::path folder_ = testing::TempDir() + "native_stacks." + std::to_string(getpid());
  int pid_ = 0;
};

TEST_F(NativeStacks, ComeFromTheFirstDebuggerThatTellsSome) {
  const std::string fails = script("eu-stack", "echo 'cannot attach'; exit 1\n");
  const std::string tells = script("gdb", "echo \"Thread 1 (LWP $8):\"; echo '#0  main () at ring.cpp:9'\n");
  const ProcessState seen = look({.py_spy = script("py-spy", "exit 1\n"), .eu_stack = fails, .gdb = tells});
  EXPECT_EQ(seen.native_source, NativeSource::gdb);
  EXPECT_EQ(seen.native_stacks, (std::vector<NativeStack>{{1, {"ring.cpp:9 in main"}}}));
}

TEST_F(NativeStacks, AskNoServerForSymbols) {
  setenv("DEBUGINFOD_URLS", "http://127.0.0.1:9", 1);
  const ProcessState seen = look(
      {.eu_stack = script("eu-stack", "echo 'TID 1:'; echo \"#0  0x1 asks_${DEBUGINFOD_URLS:-nobody}\"\n")});
  unsetenv("DEBUGINFOD_URLS");
  EXPECT_EQ(seen.native_stacks, (std::vector<NativeStack>{{1, {"asks_nobody"}}}));
}

TEST_F(NativeStacks, LeaveNoProcessStoppedWhereTheDebuggerIsKilled) {
  const ProcessState seen =
      look({.gdb = script("gdb", "kill -STOP " + std::to_string(pid_) + "\nexec sleep 600\n")},
           std::chrono::seconds(1));
  EXPECT_EQ(seen.native_source, NativeSource::nobody);
  EXPECT_EQ(settled_state(), 'S');
}

TEST_F(NativeStacks, LeaveNoProcessStoppedWhereTheDebuggerForgetsIt) {
  look({.gdb = script("gdb", "kill -STOP " + std::to_string(pid_) + "\n")});
  EXPECT_EQ(settled_state(), 'S');
}

TEST_F(NativeStacks, AreNotTakenOfAProcessThatSomebodyHasStopped) {
  kill(pid_, SIGSTOP);
  while (state_now() != 'T') std::this_thread::yield();
  const ProcessState seen = look({.gdb = script("gdb", "echo 'Thread 1 (LWP 1):'; echo '#0  main ()'\n")});
  EXPECT_EQ(seen.native_source, NativeSource::nobody);
  EXPECT_EQ(state_now(), 'T') << "it is not ours to let it go on";
}

TEST_F(NativeStacks, AreNotTakenWhenTheRankIsOver) {
  RankState state = inspect_processes(pid_, false);
  const std::atomic<bool> is_over = true;
  take_native_stacks(state, {.gdb = script("gdb", "echo 'Thread 1 (LWP 1):'; echo '#0  main ()'\n")},
                     steady_clock::now() + far, is_over);
  EXPECT_TRUE(state.processes.front().native_stacks.empty());
}

}  // namespace
}  // namespace smlaunch
