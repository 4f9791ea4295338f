// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/session_folders.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "launcher/process/agent_variables.hpp"
#include "launcher/process/child_process.hpp"

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

TEST_F(SessionFolder, OfAStarterThatWasNotedIsKnownByItsPid) {
  std::filesystem::create_directories(folder_);
  note_starter(folder_, 283);
  note_starter(folder_, 1200);
  for (const char* other : {"mpirun.", "mpirun.x", "mpirun.12x", "mpirun.-3", "0123abcd"})
    std::ofstream(folder_ / other) << "";
  const std::vector<int> found = find_noted_starters(folder_);
  EXPECT_EQ(std::set<int>(found.begin(), found.end()), (std::set<int>{283, 1200}));
  EXPECT_TRUE(find_noted_starters(folder_ / "nowhere").empty());
}

TEST_F(SessionFolder, IsLeftToAStarterThatRuns) {
  EXPECT_FALSE(is_gone(pid_, std::chrono::minutes(1)));
  kill(pid_, SIGKILL);
  EXPECT_FALSE(is_gone(pid_, std::chrono::milliseconds(50)))
      << "nobody has taken it out of the process table";
  (void)reap(pid_);
  EXPECT_TRUE(is_gone(pid_, std::chrono::minutes(1)));
  pid_ = 0;
}

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

TEST_F(SessionFolder, OfAnMpirunGoesByItsPidWhateverNameOfTheHostItHasUsed) {
  std::filesystem::create_directories(folder_);
  ASSERT_EQ(setenv("TMPDIR", folder_.c_str(), 1), 0);
  const std::string uid = std::to_string(getuid());
  for (const std::string host : {"gn01", "gn01.example"})
    for (const char* pid : {"12", "13"}) {
      std::filesystem::create_directories(folder_ / ("ompi." + host + "." + uid) /
                                          ("pid." + std::string(pid)) / "0");
      std::filesystem::create_directories(folder_ / ("prterun." + host + "." + pid + "." + uid));
    }
  std::filesystem::create_directories(folder_ / ("ompi.gn02." + uid) / "pid.12");
  remove_starter_folders("gn01.example", {12});
  const auto left = [&] {
    std::set<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(folder_)) {
      const std::string name = each.path().filename();
      names.insert(name.substr(0, name.rfind('.')));
    }
    return names;
  };
  EXPECT_EQ(left(), (std::set<std::string>{"ompi.gn01", "ompi.gn01.example", "ompi.gn02", "prterun.gn01.13",
                                           "prterun.gn01.example.13"}));
  EXPECT_FALSE(std::filesystem::exists(folder_ / ("ompi.gn01." + uid) / "pid.12"));
  remove_starter_folders("gn01.example", {13});
  EXPECT_EQ(left(), std::set<std::string>{"ompi.gn02"});
  unsetenv("TMPDIR");
}

TEST_F(SessionFolder, OfSomethingElseIsNotTouched) {
  const std::filesystem::path other = folder_ / "data" / "jf.12";
  std::filesystem::create_directories(other);
  remove_session_folder(other, std::chrono::milliseconds(0));
  EXPECT_TRUE(std::filesystem::exists(other));
}

}  // namespace
}  // namespace smlaunch
