// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/child_process.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

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

}  // namespace
}  // namespace smlaunch
