// SPDX-License-Identifier: Apache-2.0
// Threads of this process answer in the place of those in a rank's Python.
#include "launcher/inspect/ask_threads.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace smlaunch {
namespace {

std::string answer_of(int pid) {
  return R"({"pid":)" + std::to_string(pid) +
         R"(,"threads":[{"name":"MainThread","is_main":true,"frames":[["load","train.py",12]]}]})";
}

class AskThreads : public testing::Test {
 protected:
  AskThreads() {
    std::string pattern = "/tmp/ask.XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~AskThreads() override {
    for (std::thread& each : threads_) each.join();
    std::filesystem::remove_all(folder_);
  }

  std::string make_fifo(int pid) {
    std::string path = folder_ + "/" + std::to_string(pid);
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  void add_thread(int pid, const std::string& answer) {
    threads_.emplace_back([path = make_fifo(pid), answer] {
      const int fifo = open(path.c_str(), O_WRONLY | O_CLOEXEC);
      EXPECT_EQ(write(fifo, answer.data(), answer.size()), static_cast<ssize_t>(answer.size()));
      close(fifo);
    });
  }
  void add_process(int pid, char state = 'S') {
    state_.processes.emplace_back();
    state_.processes.back().pid = pid;
    state_.processes.back().state = state;
  }
  RankState ask(bool is_over = false) {
    const std::atomic<bool> ends = is_over;
    ask_threads(state_, folder_, ends);
    return state_;
  }

 private:
  std::string folder_;
  RankState state_;
  std::vector<std::thread> threads_;
};

using Stack = std::vector<std::string>;

TEST_F(AskThreads, EachAnswerGoesToItsProcess) {
  for (const int pid : {11, 12}) {
    add_thread(pid, answer_of(pid));
    add_process(pid);
  }
  add_process(13);
  const RankState state = ask();
  for (const std::size_t each : {0U, 1U}) {
    EXPECT_TRUE(state.processes[each].has_thread);
    EXPECT_EQ(state.processes[each].python_stack, Stack{"train.py:12 in load"});
    EXPECT_NE(state.processes[each].told.find(std::to_string(11 + each)), std::string::npos);
  }
  EXPECT_FALSE(state.processes[2].has_thread) << "it has no FIFO";
  EXPECT_EQ(state.python_source, "its own thread");
  EXPECT_EQ(state.primary, 0);
}

TEST_F(AskThreads, AnAnswerMayBeLongerThanAPipeHolds) {
  std::string answer = answer_of(11);
  answer.insert(1, R"("recorder":")" + std::string(300'000, 'x') + "\",");
  add_thread(11, answer);
  add_process(11);
  EXPECT_EQ(ask().processes.front().python_stack, Stack{"train.py:12 in load"});
}

TEST_F(AskThreads, TheFirstThatAnswersStandsForAShell) {
  add_process(10);
  add_process(11);
  add_thread(11, answer_of(11));
  EXPECT_EQ(ask().primary, 1);
}

TEST_F(AskThreads, WhatIsNoAnswerIsNotTold) {
  add_thread(11, "no JSON");
  add_process(11);
  add_thread(12, "");
  add_process(12);
  for (const ProcessState& each : ask().processes) {
    EXPECT_TRUE(each.has_thread);
    EXPECT_EQ(each.told, "");
  }
}

TEST_F(AskThreads, AProcessThatCannotAnswerIsNotAsked) {
  make_fifo(11);
  add_process(11, 'T');
  make_fifo(12);
  add_process(12, 'Z');
  for (const ProcessState& each : ask().processes) EXPECT_TRUE(each.has_thread);
}

TEST_F(AskThreads, AThreadThatDoesNotComeIsWaitedForUntilItIsOver) {
  make_fifo(11);
  add_process(11);
  const RankState state = ask(true);
  EXPECT_TRUE(state.processes.front().has_thread);
  EXPECT_EQ(state.processes.front().told, "");
}

}  // namespace
}  // namespace smlaunch
