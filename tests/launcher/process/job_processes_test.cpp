// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/job_processes.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "launcher/process/agent_variables.hpp"
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

TEST(JobProcesses, AreFoundByTheJobsMarkWhoeverHasStartedThem) {
  const std::string job = "job-processes-" + std::to_string(getpid());
  auto child = spawn_child({.argv = {"/bin/sh", "-c", "sleep 600 & echo ready; wait"},
                            .environment = {{"PATH", "/usr/bin:/bin"}, {job_marker_variable, job}},
                            .working_directory = {}});
  ASSERT_TRUE(child);
  char bytes[6];
  EXPECT_EQ(read(child->stdout_pipe.get(), bytes, sizeof bytes), 6);
  std::vector<int> found = find_job_processes(job);
  // A process that is just becoming another program has no environment for a moment.
  for (int i = 0; i < 6000 && found.size() < 2; ++i) {
    usleep(10'000);
    found = find_job_processes(job);
  }
  EXPECT_EQ(found.size(), 2U) << "the shell, and what it runs";
  EXPECT_TRUE(std::find(found.begin(), found.end(), child->pid) != found.end());
  EXPECT_TRUE(find_job_processes(job + "0").empty());
  end_job_processes(job, std::chrono::milliseconds(0));
  EXPECT_TRUE(find_job_processes(job).empty());
  kill(-child->pid, SIGKILL);
  (void)reap(child->pid);
}

}  // namespace
}  // namespace smlaunch
