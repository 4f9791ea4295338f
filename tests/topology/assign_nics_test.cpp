// SPDX-License-Identifier: Apache-2.0
#include "topology/assign_nics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "base/indexed.hpp"
#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

constexpr Nearness levels[] = {Nearness::PIX, Nearness::PXB, Nearness::PHB, Nearness::NODE, Nearness::SYS};

Machine machine_with(std::vector<std::vector<Nearness>> gpu_nic) {
  Machine machine;
  machine.gpus.resize(gpu_nic.size());
  machine.nics.resize(gpu_nic.empty() ? 0 : gpu_nic[0].size());
  machine.gpu_nic = std::move(gpu_nic);
  return machine;
}

std::vector<GpuIndex> all_gpus(const Machine& machine) {
  std::vector<GpuIndex> gpus;
  for (const GpuIndex gpu : machine.gpu_indices()) gpus.push_back(gpu);
  return gpus;
}

using Chosen = std::vector<std::optional<int>>;

// By their numbers.
Chosen assigned(const Machine& machine, const std::vector<int>& gpus) {
  std::vector<GpuIndex> of_machine;
  for (const int gpu : gpus) of_machine.push_back({gpu});
  Chosen chosen;
  for (const auto& nic : assign_nics(machine, of_machine))
    chosen.push_back(nic ? std::optional(nic->value) : std::nullopt);
  return chosen;
}
using Cost = std::pair<int, int>;  // total distance, then sharing

Cost cost_of(const Machine& machine, const std::vector<NicIndex>& nics) {
  int total = 0;
  std::vector<int> load(machine.nics.size(), 0);
  for (std::size_t gpu = 0; gpu < nics.size(); ++gpu) {
    const auto nic = static_cast<std::size_t>(nics[gpu].value);
    total += static_cast<int>(machine.gpu_nic[gpu][nic]);
    ++load[nic];
  }
  return {total, std::inner_product(load.begin(), load.end(), load.begin(), 0)};
}

Cost least_cost(const Machine& machine, const std::vector<NicIndex>& nics) {
  std::vector<std::size_t> digits(machine.gpus.size(), 0);
  Cost best{1'000'000, 0};
  for (;;) {
    std::vector<NicIndex> chosen;
    for (const std::size_t digit : digits) chosen.push_back(nics[digit]);
    best = std::min(best, cost_of(machine, chosen));
    std::size_t at = 0;
    while (at < digits.size() && ++digits[at] == nics.size()) digits[at++] = 0;
    if (at == digits.size()) return best;
  }
}

// What a simpler program would do: each GPU in turn takes the nearest NIC that is least used so far.
Cost greedy_cost(const Machine& machine, const std::vector<NicIndex>& nics) {
  Indexed<NicIndex, int> load(machine.nics.size(), 0);
  std::vector<NicIndex> chosen;
  for (const GpuIndex gpu : all_gpus(machine)) {
    const auto worth = [&](NicIndex nic) { return std::pair(machine.nearness(gpu, nic), load[nic]); };
    chosen.push_back(*std::min_element(nics.begin(), nics.end(),
                                       [&](NicIndex a, NicIndex b) { return worth(a) < worth(b); }));
    ++load[chosen.back()];
  }
  return cost_of(machine, chosen);
}

TEST(AssignNics, EqualsBruteForceAndIsNeverWorseThanGreedy) {
  std::mt19937 random(11);
  int better_than_greedy = 0;
  for (int round = 0; round < 1500; ++round) {
    const std::size_t gpus = 1 + random() % 5;
    const std::size_t nics = 1 + random() % 5;
    const unsigned kinds = 1 + static_cast<unsigned>(random() % 3);
    std::vector<std::vector<Nearness>> matrix(gpus, std::vector<Nearness>(nics));
    for (auto& row : matrix) {
      for (auto& each : row) each = levels[random() % kinds];
    }
    const Machine machine = machine_with(matrix);
    const auto chosen = assign_nics(machine, all_gpus(machine));
    std::vector<NicIndex> plain;
    for (const auto& nic : chosen) plain.push_back(nic.value());
    const auto usable = training_nics(machine);
    ASSERT_EQ(cost_of(machine, plain), least_cost(machine, usable));
    ASSERT_LE(cost_of(machine, plain), greedy_cost(machine, usable));
    if (cost_of(machine, plain) < greedy_cost(machine, usable)) ++better_than_greedy;
  }
  EXPECT_GT(better_than_greedy, 0) << "the cases are too easy to tell the two apart";
}

TEST(AssignNics, AGpuWithAChoiceLeavesTheNicToOneWithout) {
  const auto machine = machine_with({{Nearness::PIX, Nearness::PIX}, {Nearness::PIX, Nearness::SYS}});
  EXPECT_EQ(assigned(machine, {0, 1}), (Chosen{1, 0}));
}

TEST(AssignNics, EachGpuUsesOneOfItsFourNics) {
  MadeUp shape;
  shape.nodes = 8;
  for (int node = 0; node < 8; ++node) {
    shape.gpu_nodes.push_back(node);
    for (int nic = 0; nic < 4; ++nic) shape.nic_nodes.push_back(node);
  }
  const Machine machine = make_machine(shape);
  EXPECT_EQ(assigned(machine, {0, 1, 2, 3, 4, 5, 6, 7}), (Chosen{0, 4, 8, 12, 16, 20, 24, 28}));
}

TEST(AssignNics, EqualNicsAreSharedEvenly) {
  const std::vector<Nearness> row(2, Nearness::SYS);
  const auto machine = machine_with({row, row, row, row});
  EXPECT_EQ(assigned(machine, {0, 1, 2, 3}), (Chosen{0, 1, 0, 1}));
}

TEST(AssignNics, ANicThatIsDownIsNotUsed) {
  auto machine = machine_with({{Nearness::PIX, Nearness::SYS}});
  machine.nics[0].link_up = false;
  EXPECT_EQ(assigned(machine, {0}), (Chosen{1}));
  machine.nics[1].link_up = false;
  EXPECT_EQ(assigned(machine, {0}), (Chosen{std::nullopt}));
}

TEST(AssignNics, AGpuWithoutANearNicGetsTheNearestOne) {
  // The third GPU has no NIC near; the NIC that is far from everybody is the nearest it has.
  const auto machine = machine_with({{Nearness::PIX, Nearness::SYS, Nearness::SYS},
                                     {Nearness::SYS, Nearness::PXB, Nearness::SYS},
                                     {Nearness::SYS, Nearness::SYS, Nearness::NODE}});
  EXPECT_EQ(training_nics(machine), (std::vector<NicIndex>{{0}, {1}, {2}}));
  EXPECT_EQ(assigned(machine, {0, 1, 2}), (Chosen{0, 1, 2}));
}

TEST(AssignNics, AFabricIsPreferredToEthernet) {
  auto machine = machine_with({{Nearness::PHB, Nearness::SYS}});
  machine.nics[1].kind = NicKind::efa;
  EXPECT_EQ(assigned(machine, {0}), (Chosen{1}));
  machine.nics[1].link_up = false;
  EXPECT_EQ(assigned(machine, {0}), (Chosen{0}));
}

TEST(AssignNics, OnlyTheGpusInUseCount) {
  const auto machine = machine_with({{Nearness::PIX, Nearness::PIX}, {Nearness::PIX, Nearness::SYS}});
  EXPECT_EQ(assigned(machine, {0}), (Chosen{0}));
  EXPECT_EQ(assigned(machine, {}), Chosen{});
  EXPECT_EQ(assigned(Machine{}, {}), Chosen{});
}

}  // namespace
}  // namespace smlaunch
