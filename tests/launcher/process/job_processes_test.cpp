// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/job_processes.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

TEST(FirstCarriers, AreThoseThatHaveTheVariableFromNobodyWhoHasIt) {
  const std::string value = "first-carriers-" + std::to_string(getpid());
  auto child = spawn_child({.argv = {"/bin/sh", "-c", "sleep 600 & echo ready; wait"},
                            .environment = {{"PATH", "/usr/bin:/bin"}, {"SOME_VARIABLE", value}},
                            .working_directory = {}});
  ASSERT_TRUE(child);
  char bytes[6];
  EXPECT_EQ(read(child->stdout_pipe.get(), bytes, sizeof bytes), 6);
  EXPECT_EQ(find_first_carriers("SOME_VARIABLE", value), std::vector<int>{child->pid});
  EXPECT_EQ(find_first_carriers("SOME_VARIABLE", value + "0"), std::vector<int>{});
  kill(-child->pid, SIGKILL);
  (void)reap(child->pid);
}

}  // namespace
}  // namespace smlaunch
