// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/process_variable.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

TEST(ProcessVariable, IsFoundByItsWholeName) {
  const std::string text =
      std::string("OLD_JOB=0\0JOB=7\0JOBS=8\0EMPTY=\0=odd\0no sign\0JOB=9\0LAST=a=b", 57);
  const auto find = [&](std::string_view name) {
    return std::string(find_variable(text, name).value_or("none"));
  };
  EXPECT_EQ(find("JOB"), "7");
  EXPECT_EQ(find("JOBS"), "8");
  EXPECT_EQ(find("EMPTY"), "");
  EXPECT_EQ(find("LAST"), "a=b");
  for (const char* other : {"J", "OB", "no sign", "no", "LAST=a=b", "9"})
    EXPECT_EQ(find(other), "none") << other;
  EXPECT_FALSE(find_variable("", "JOB"));
}

TEST(ProcessVariable, OfAnotherProcessIsReadWhileItRuns) {
  auto child = spawn_child({.argv = {"/bin/sh", "-c", "sleep 600 & echo ready; wait"},
                            .environment = {{"PATH", "/usr/bin:/bin"}, {"SOME_VARIABLE", "some value"}},
                            .working_directory = {}});
  ASSERT_TRUE(child);
  char bytes[6];
  EXPECT_EQ(read(child->stdout_pipe.get(), bytes, sizeof bytes), 6);
  EXPECT_EQ(read_process_variable(child->pid, "SOME_VARIABLE"), "some value");
  EXPECT_FALSE(read_process_variable(child->pid, "HOME"));
  kill(-child->pid, SIGKILL);
  (void)reap(child->pid);
  EXPECT_FALSE(read_process_variable(child->pid, "SOME_VARIABLE"));
}

}  // namespace
}  // namespace smlaunch
