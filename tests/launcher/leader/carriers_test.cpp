// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/carriers.hpp"

#include <gtest/gtest.h>

#include "launcher/process/agent_variables.hpp"
#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

std::vector<int> numbers_of(const std::vector<Peer>& peers) {
  std::vector<int> numbers;
  for (const Peer peer : peers) numbers.push_back(peer.value);
  return numbers;
}

TEST(Carriers, AreTheFirstRanksOfTheirHosts) {
  SmallJob job(2, 3);
  EXPECT_TRUE(find_carriers(job.plan()).empty());
  job.spec.inherited[agent_relay_variable] = relay_on;
  EXPECT_EQ(numbers_of(find_carriers(job.plan())), (std::vector<int>{0, 0, 0, 3, 3, 3}));
}

TEST(Carriers, AreThoseOfHostsThatTakeTurns) {
  SmallJob job(2, 3);
  job.spec.inherited[agent_relay_variable] = relay_on;
  job.mpi_options = {"--map-by", "node"};
  EXPECT_EQ(numbers_of(find_carriers(job.plan())), (std::vector<int>{0, 1, 0, 1, 0, 1}));
}

}  // namespace
}  // namespace smlaunch
