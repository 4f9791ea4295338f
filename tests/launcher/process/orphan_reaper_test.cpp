// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/orphan_reaper.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <variant>

#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

// In the process table, be it as a zombie.
bool is_there(int pid) { return kill(pid, 0) == 0; }

void wait_for_end(int pid) {
  siginfo_t info{};
  waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
}

// A child that has ended, and that nobody here knows of: as an orphan that has become ours.
int make_dead_orphan() {
  const int pid = fork();
  if (pid == 0) _exit(0);
  wait_for_end(pid);
  return pid;
}

TEST(OrphanReaper, TakesWhatNobodyWaitsForAndLeavesTheRestThoughItHasEndedBefore) {
  const auto started = spawn_child({{"sh", "-c", "exit 3"}, own_environment(), {}});
  ASSERT_TRUE(started);
  wait_for_end(started->pid);
  const int first = make_dead_orphan();
  const int second = make_dead_orphan();
  reap_orphans();
  EXPECT_FALSE(is_there(first));
  EXPECT_FALSE(is_there(second));
  const auto end = reap(started->pid);
  ASSERT_TRUE(end);
  EXPECT_EQ(std::get<Exited>(*end).code, 3);
}

TEST(OrphanReaper, HasNothingToDoWhereThereIsNoChild) { reap_orphans(); }

TEST(OrphanReaper, TakesThoseThatWereThereBeforeItAndThoseThatEndLater) {
  const int before = make_dead_orphan();
  boost::asio::io_context loop;
  const OrphanReaper reaper(loop);
  EXPECT_FALSE(is_there(before));
  const int later = make_dead_orphan();
  EXPECT_TRUE(is_there(later));
  while (is_there(later)) loop.run_one();
}

}  // namespace
}  // namespace smlaunch
