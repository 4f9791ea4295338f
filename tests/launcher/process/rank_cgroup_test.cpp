// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/rank_cgroup.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "launcher/channel/token.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

constexpr const char* unified =
    "25 30 0:22 / /sys rw - sysfs sysfs rw\n30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 "
    "rw\n";

TEST(CgroupFolder, IsTheMountWithOurPath) {
  EXPECT_EQ(find_cgroup_folder(unified, "0::/user.slice/session-1.scope\n"),
            "/sys/fs/cgroup/user.slice/session-1.scope");
  EXPECT_EQ(find_cgroup_folder(unified, "0::/\n"), "/sys/fs/cgroup");
}

TEST(CgroupFolder, IsFoundBesideVersionOne) {
  const std::string hybrid =
      "31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "40 30 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(find_cgroup_folder(hybrid, "4:memory:/a\n0::/\n"), "/sys/fs/cgroup/unified");
}

TEST(CgroupFolder, OfAContainerIsBelowItsRoot) {
  const std::string container = "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
  EXPECT_EQ(find_cgroup_folder(container, "0::/docker/abc\n"), "/sys/fs/cgroup");
  EXPECT_EQ(find_cgroup_folder(container, "0::/docker/abc/x\n"), "/sys/fs/cgroup/x");
  EXPECT_EQ(find_cgroup_folder(container, "0::/docker/abcd\n"), std::nullopt);
  EXPECT_EQ(find_cgroup_folder(container, "0::/\n"), std::nullopt);
}

TEST(CgroupFolder, IsNoneWithoutVersionTwo) {
  EXPECT_EQ(find_cgroup_folder("31 30 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw\n", "4:memory:/a\n"),
            std::nullopt);
  EXPECT_EQ(find_cgroup_folder("", "0::/\n"), std::nullopt);
  EXPECT_EQ(find_cgroup_folder("\n - \n1 2 3\n", "0::/\n"), std::nullopt);
}

// A process that nobody could find by parent, group or environment.
int start_runaway(const RankCgroup& cgroup, bool is_born_there = true) {
  ChildRequest request;
  request.argv = {"/bin/sh", "-c", "env -i setsid sh -c 'echo $$; exec sleep 1000' & wait"};
  request.environment = own_environment();
  if (is_born_there) request.cgroup = cgroup.folder();
  request.cgroup_procs = cgroup.procs();
  auto child = spawn_child(request);
  if (!child) return 0;
  char digits[32] = {};
  const ssize_t got = read(child->stdout_pipe.get(), digits, sizeof digits - 1);
  kill(child->pid, SIGKILL);
  waitpid(child->pid, nullptr, 0);
  return got > 0 ? std::atoi(digits) : 0;
}

// A kernel that lets no process be born in a cgroup moves it there.
TEST(RankCgroup, EndsWhatHasMovedAway) {
  for (const bool is_born_there : {true, false}) {
    auto cgroup = RankCgroup::make(make_nonce(), 3);
    if (!cgroup) GTEST_SKIP() << "no cgroup can be made here";
    const int runaway = start_runaway(*cgroup, is_born_there);
    ASSERT_GT(runaway, 0);
    EXPECT_EQ(kill(runaway, 0), 0);
    EXPECT_TRUE(cgroup->cpu_ns());
    cgroup->end();
    // A zombie until its new parent looks after it.
    const std::string stat = "/proc/" + std::to_string(runaway) + "/stat";
    for (int i = 0; i < 500 && access(stat.c_str(), F_OK) == 0; ++i) usleep(10000);
    EXPECT_NE(access(stat.c_str(), F_OK), 0);
  }
}

TEST(RankCgroup, IsTheOneOfAProcessThatIsBornThere) {
  auto cgroup = RankCgroup::make(make_nonce(), 4);
  if (!cgroup) GTEST_SKIP() << "no cgroup can be made here";
  ChildRequest request;
  request.argv = {"/bin/cat", "/proc/self/cgroup"};
  request.environment = own_environment();
  request.cgroup = cgroup->folder();
  request.cgroup_procs = cgroup->procs();
  auto child = spawn_child(request);
  ASSERT_TRUE(child);
  EXPECT_TRUE(reap(child->pid));
  char text[4096] = {};
  EXPECT_GT(read(child->stdout_pipe.get(), text, sizeof text - 1), 0);
  EXPECT_NE(std::string_view(text).find("smlaunch-"), std::string_view::npos) << text;
  cgroup->end();
}

TEST(RankCgroup, OfAProgramThatCannotBeExecutedIsFreeForTheNext) {
  auto cgroup = RankCgroup::make(make_nonce(), 5);
  if (!cgroup) GTEST_SKIP() << "no cgroup can be made here";
  ChildRequest request;
  request.argv = {"/no/such/program"};
  request.environment = own_environment();
  request.cgroup = cgroup->folder();
  request.cgroup_procs = cgroup->procs();
  const auto refused = spawn_child(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().text, "/no/such/program: No such file or directory");
  request.argv = {"/bin/true"};
  const auto child = spawn_child(request);
  ASSERT_TRUE(child) << child.error().text;
  const auto end = reap(child->pid);
  ASSERT_TRUE(end);
  EXPECT_TRUE(succeeded(*end));
  cgroup->end();
}

TEST(RankCgroup, OfAKilledAgentIsFoundByTheJob) {
  const std::string job = make_nonce();
  int runaway = 0;
  {
    const auto cgroup = RankCgroup::make(job, 0);
    if (!cgroup) GTEST_SKIP() << "no cgroup can be made here";
    runaway = start_runaway(*cgroup);
  }
  auto other = RankCgroup::make(make_nonce(), 0);
  ASSERT_TRUE(other);
  const int bystander = start_runaway(*other);
  ASSERT_GT(runaway, 0);
  end_job_cgroups(job);
  const std::string stat = "/proc/" + std::to_string(runaway) + "/stat";
  for (int i = 0; i < 500 && access(stat.c_str(), F_OK) == 0; ++i) usleep(10000);
  EXPECT_NE(access(stat.c_str(), F_OK), 0);
  EXPECT_EQ(kill(bystander, 0), 0);
  other->end();
}

TEST(RankCgroup, OfAnAgentThatNoLoginHasStartedIsFoundBelowUs) {
  const std::string job = make_nonce();
  int runaway = 0;
  {
    const auto cgroup = RankCgroup::make(job, 0);
    if (!cgroup) GTEST_SKIP() << "no cgroup can be made here";
    runaway = start_runaway(*cgroup);
  }
  ASSERT_GT(runaway, 0);
  end_job_cgroups(job, AgentsWere::below_us);
  const std::string stat = "/proc/" + std::to_string(runaway) + "/stat";
  for (int i = 0; i < 500 && access(stat.c_str(), F_OK) == 0; ++i) usleep(10000);
  EXPECT_NE(access(stat.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace smlaunch
