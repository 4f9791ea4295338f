// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/runner.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

// Five hosts with two ranks each.
std::size_t count_for(Engine engine, std::size_t spare_hosts = 0) {
  LaunchPlan plan = SmallJob(5, 2).plan();
  plan.engine = engine;
  plan.current_host = plan.cluster.hosts.front().name;
  RunSettings settings;
  settings.spare_hosts.resize(spare_hosts, "spare");
  return count_files(plan, settings);
}

TEST(OpenFiles, AreThoseOfAllRanksAndHosts) {
  EXPECT_EQ(count_for(Engine::mpirun), 128U + 10 + 4);
  EXPECT_EQ(count_for(Engine::mpirun, 2), 128U + 10 + 6);
}

TEST(OpenFiles, RanksThatWeStartOurselvesHavePipes) {
  EXPECT_EQ(count_for(Engine::hosts), 128U + 10 + 4 + 3 * 2);
  EXPECT_EQ(count_for(Engine::local), 128U + 10 + 4 + 3 * 10);
}

}  // namespace
}  // namespace smlaunch
