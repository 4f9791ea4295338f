// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ssh_connections.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/host_name.hpp"
#include "launcher/process/child_process.hpp"
#include "launcher/process/session_folders.hpp"

namespace smlaunch {
namespace {

namespace fs = std::filesystem;

// The guard of a leader that is gone, and a process whose pid the leader has noted as its mpirun's.
class ConnectionGuard : public testing::Test {
 protected:
  ConnectionGuard() {
    auto child = spawn_child(
        {.argv = {"sleep", "600"}, .environment = {{"PATH", "/usr/bin:/bin"}}, .working_directory = {}});
    if (child) pid_ = child->pid;
    EXPECT_GT(pid_, 0);
    fs::create_directories(connections_);
    note_starter(connections_, pid_);
    files_ = temporary_ / ("ompi." + probe_host_name() + "." + std::to_string(getuid())) /
             ("pid." + std::to_string(pid_));
    fs::create_directories(files_);
    EXPECT_EQ(setenv("TMPDIR", temporary_.c_str(), 1), 0);
  }
  ~ConnectionGuard() override {
    unsetenv("TMPDIR");
    end_process();
    fs::remove_all(temporary_);
  }
  void end_process() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    (void)reap(pid_);
    pid_ = 0;
  }
  [[nodiscard]] int guard() const { return run_connection_guard(connections_, no_process); }

  static constexpr int no_process = 0;
  fs::path temporary_ = fs::path(testing::TempDir()) / ("connection-guard-" + std::to_string(getpid()));
  fs::path connections_ = temporary_ / "connections";
  fs::path files_;
  int pid_ = 0;
};

TEST_F(ConnectionGuard, DoesNothingToAnotherProcessThatHasThePidOfAnMpirun) {
  EXPECT_EQ(guard(), 0);
  EXPECT_FALSE(has_ended(pid_));
  EXPECT_TRUE(fs::exists(files_));
  EXPECT_FALSE(fs::exists(connections_));
}

TEST_F(ConnectionGuard, RemovesTheFilesOfAnMpirunThatHasEnded) {
  end_process();
  EXPECT_EQ(guard(), 0);
  EXPECT_FALSE(fs::exists(files_));
  EXPECT_FALSE(fs::exists(connections_));
}

}  // namespace
}  // namespace smlaunch
