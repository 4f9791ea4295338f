// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <string>

#include "launcher/process/agent_variables.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/job_processes.hpp"

namespace smlaunch {
namespace {

using Folders = std::set<std::string>;

class SessionFolder : public testing::Test {
 protected:
  SessionFolder() {
    auto child = spawn_child({.argv = {"sleep", "600"},
                              .environment = {{"PATH", "/usr/bin:/bin"},
                                              {"OLD_PMIX_SERVER_TMPDIR", "/tmp/another"},
                                              {job_marker_variable, job_},
                                              {"PMIX_SERVER_TMPDIR", session_}},
                              .working_directory = {}});
    if (child) pid_ = child->pid;
    EXPECT_GT(pid_, 0);
  }
  ~SessionFolder() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      (void)reap(pid_);
    }
    std::filesystem::remove_all(folder_);
  }

  std::string job_ = "session-folder-" + std::to_string(getpid());
  std::filesystem::path folder_ = testing::TempDir() + job_;
  std::string session_ = folder_ / "ompi.gn01.1000" / "jf.12";
  int pid_ = 0;
};

TEST_F(SessionFolder, IsFoundByTheProcessesOfTheJob) {
  EXPECT_EQ(find_session_folders(job_), Folders{session_});
  EXPECT_EQ(find_session_folders(job_ + "0"), Folders{});
}

TEST_F(SessionFolder, GoesWithTheHostsUnlessAnotherJobIsInIt) {
  const std::filesystem::path host = folder_ / "ompi.gn01.1000";
  std::filesystem::create_directories(host / "jf.12" / "0");
  std::filesystem::create_directory(host / "jf.13");
  remove_session_folder(session_, std::chrono::milliseconds(0));
  EXPECT_FALSE(std::filesystem::exists(session_));
  EXPECT_TRUE(std::filesystem::exists(host / "jf.13"));
  remove_session_folder(host / "jf.13", std::chrono::milliseconds(0));
  EXPECT_FALSE(std::filesystem::exists(host));
}

TEST_F(SessionFolder, OfSomethingElseIsNotTouched) {
  const std::filesystem::path other = folder_ / "data" / "jf.12";
  std::filesystem::create_directories(other);
  remove_session_folder(other, std::chrono::milliseconds(0));
  EXPECT_TRUE(std::filesystem::exists(other));
}

}  // namespace
}  // namespace smlaunch
