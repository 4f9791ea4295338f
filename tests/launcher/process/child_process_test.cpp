// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/child_process.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>

namespace smlaunch {
namespace {

Child start_shell(const std::string& command) {
  ChildRequest request;
  request.argv = {"/bin/sh", "-c", command};
  auto child = spawn_child(request);
  if (!child) throw std::runtime_error(child.error().text);
  return std::move(*child);
}

void wait_for_end(const Child& child) {
  pollfd end{child.pidfd.get(), POLLIN, 0};
  poll(&end, 1, -1);
}

TEST(Reap, TellsHowTheChildEnded) {
  const Child exits = start_shell("exit 3");
  EXPECT_EQ(reap(exits.pid), ExitStatus{Exited{3}});
  const Child dies = start_shell("kill -9 $$");
  EXPECT_EQ(reap(dies.pid), ExitStatus(Signaled{9, false}));
}

TEST(Reap, AStatusThatSomebodyElseHasTakenIsAnErrorAndNoGuess) {
  const Child child = start_shell("exit 3");
  ASSERT_EQ(waitpid(child.pid, nullptr, 0), child.pid);
  const auto status = reap(child.pid);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().fault, Fault::internal);
  EXPECT_EQ(status.error().problems.front().what,
            fmt::format("how process {} ended is not known: waitpid: No child processes", child.pid));
}

TEST(HasEnded, IsTrueOfAnEndThatIsNotTakenYetAndOfOneThatSomebodyElseHasTaken) {
  const Child child = start_shell("exit 0");
  wait_for_end(child);
  EXPECT_TRUE(has_ended(child.pid));
  EXPECT_TRUE(has_ended(child.pid));  // it stays in the process table
  EXPECT_TRUE(reap(child.pid));
  EXPECT_TRUE(has_ended(child.pid));
}

TEST(HasEnded, IsFalseWhileTheChildRuns) {
  ChildRequest request;
  request.argv = {"/bin/cat"};
  request.has_input = true;
  auto child = spawn_child(request);
  ASSERT_TRUE(child);
  EXPECT_FALSE(has_ended(child->pid));
  child->stdin_pipe.reset();
  EXPECT_EQ(reap(child->pid), ExitStatus{Exited{0}});
}

// Repeats each line. The thread that starts it ends, and we take the child over.
Result<Child> start_repeater_in_a_thread(DeathSignal death_comes) {
  Result<Child> repeater = failure(Fault::internal, "", "");
  std::thread([&] {
    ChildRequest request;
    request.argv = {"/bin/cat"};
    request.death_signal = SIGTERM;
    request.death_comes = death_comes;
    request.has_input = true;
    if (auto child = spawn_child(request)) repeater = std::move(*child);
  }).join();
  return repeater;
}

std::string repeated_line(const Child& repeater, const std::string& line) {
  if (write(repeater.stdin_pipe.get(), (line + "\n").c_str(), line.size() + 1) < 0) return "";
  std::string got;
  for (char byte = 0; read(repeater.stdout_pipe.get(), &byte, 1) == 1 && byte != '\n';) got += byte;
  return got;
}

TEST(DeathSignal, OfTheKernelsOwnRuleComesAtTheEndOfAThreadToo) {
  const auto child = start_repeater_in_a_thread(DeathSignal::for_each_thread);
  ASSERT_TRUE(child);
  EXPECT_EQ(reap(child->pid), ExitStatus(Signaled{SIGTERM, false}));
}

TEST(DeathSignal, ThatComesOnceDoesSoAtOurEndAndNotAtTheEndOfAThread) {
  auto child = start_repeater_in_a_thread(DeathSignal::once);
  ASSERT_TRUE(child);
  EXPECT_EQ(repeated_line(*child, "still here"), "still here");
  child->our_life.reset();
  EXPECT_EQ(reap(child->pid), ExitStatus(Signaled{SIGTERM, false}));
}

TEST(DeathSignal, ThatComesOnceIsNotAskedForWhereNoneIs) {
  ChildRequest request;
  request.argv = {"/bin/true"};
  request.death_comes = DeathSignal::once;
  const auto child = spawn_child(request);
  ASSERT_TRUE(child);
  EXPECT_FALSE(child->our_life.valid());
  EXPECT_EQ(reap(child->pid), ExitStatus{Exited{0}});
}

}  // namespace
}  // namespace smlaunch
