// SPDX-License-Identifier: Apache-2.0
#include "topology/rank_threads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<int> threads(const Machine& machine, const std::vector<IdSet>& cpus) {
  std::vector<std::shared_ptr<const Placement>> places;
  for (const IdSet& each : cpus) {
    Placement placement;
    placement.cpus = each;
    places.push_back(std::make_shared<const Placement>(placement));
  }
  return threads_of_ranks(machine, places);
}

TEST(ThreadsOfRanks, CountsCoresNotHardwareThreads) {
  const Machine machine = make_machine({1, 4, 2, {}, {}});
  EXPECT_THAT(threads(machine, {{0, 1, 4, 5}, {2, 3}}), ElementsAre(2, 2));
  EXPECT_THAT(threads(machine, {{4}}), ElementsAre(1));
  EXPECT_EQ(count_cores(machine, {0, 4, 5}), 2);
  EXPECT_EQ(count_cores(machine, {}), 0);
}

TEST(ThreadsOfRanks, CoresThatAreSharedCountInParts) {
  const Machine machine = make_machine({2, 12, 1, {}, {}});
  const IdSet& node = machine.numa_nodes[0].cpus;
  EXPECT_THAT(threads(machine, {node, node, node, machine.numa_nodes[1].cpus}), ElementsAre(4, 4, 4, 12));
  EXPECT_THAT(threads(machine, {{0}, {0}, {0}}), Each(1)) << "a third of a core is one thread all the same";
}

TEST(ThreadsOfRanks, WithoutCoresOfItsOwnARankSharesTheMachine) {
  const Machine machine = make_machine({1, 4, 2, {}, {}});
  EXPECT_THAT(threads(machine, {{}, {}}), ElementsAre(2, 2));
  EXPECT_THAT(threads(machine, std::vector<IdSet>(8)), Each(1));
}

TEST(ThreadsOfRanks, TheContainersQuotaIsTheMost) {
  Machine machine = make_machine({1, 8, 1, {}, {}});
  machine.cpu_quota = 5;
  EXPECT_THAT(threads(machine, {{0, 1, 2, 3}, {4, 5, 6, 7}}), ElementsAre(2, 2));
  EXPECT_THAT(threads(machine, {{}, {}}), ElementsAre(2, 2));
  machine.cpu_quota = 0.5;
  EXPECT_THAT(threads(machine, {{0, 1, 2, 3}}), ElementsAre(1));
}

}  // namespace
}  // namespace smlaunch
