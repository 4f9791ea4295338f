// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/topology/made_up_machine.hpp"
#include "topology/layout.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;

constexpr BindPolicy all_policies[] = {BindPolicy::automatic, BindPolicy::gpu, BindPolicy::numa,
                                       BindPolicy::core, BindPolicy::none};

// "gpu numa cpus nic" of each rank.
std::vector<std::string> places(const Machine& machine, int ranks, BindPolicy bind = BindPolicy::automatic) {
  std::vector<std::string> all;
  for (const auto& each : place_on_machine(machine, ranks, bind)) {
    all.push_back(
        fmt::format("{} {} {} {}", each->gpu ? std::to_string(each->gpu->value) : "-",
                    each->numa.empty() ? "any" : to_string(each->numa),
                    each->cpus.empty() ? "unbound" : to_string(each->cpus),
                    each->nic ? fmt::format("{}:{}", each->nic->value, to_string(each->nic_path)) : "-"));
  }
  return all;
}

std::vector<std::string> reasons(const Machine& machine, int ranks, BindPolicy bind = BindPolicy::automatic) {
  std::vector<std::string> all;
  for (const auto& each : place_on_machine(machine, ranks, bind)) all.push_back(each->why);
  return all;
}

// Two nodes of four cores with two threads each; GPUs and NICs on both, the first GPU on the second node.
Machine two_nodes() { return make_machine({2, 4, 2, {1, 0}, {0, 1}}); }

TEST(PlaceOnMachine, EveryRankIsNearItsGpu) {
  EXPECT_THAT(places(two_nodes(), 2), ElementsAre("0 1 4-7,12-15 1:PIX", "1 0 0-3,8-11 0:PIX"));
  EXPECT_THAT(reasons(two_nodes(), 2),
              ElementsAre("Has all 4 cores of NUMA node 1, where its GPU is; NIC mlx5_1 (PIX).",
                          "Has all 4 cores of NUMA node 0, where its GPU is; NIC mlx5_0 (PIX)."));
}

TEST(PlaceOnMachine, GpusOfOneNodeShareItsCores) {
  const Machine machine = make_machine({2, 4, 2, {0, 0, 0}, {0}});
  EXPECT_THAT(places(machine, 3), ElementsAre("0 0 0-1,8-9 0:PIX", "1 0 2,10 0:PIX", "2 0 3,11 0:PIX"));
  EXPECT_THAT(
      reasons(machine, 3)[1],
      "Has 1 of the 4 cores of NUMA node 0, where its GPU is; NIC mlx5_0 (PIX) shared with 2 other GPUs.");
}

TEST(PlaceOnMachine, MoreRanksThanGpusGoRoundAndSaySo) {
  EXPECT_THAT(places(two_nodes(), 3),
              ElementsAre("0 1 4-5,12-13 1:PIX", "1 0 0-3,8-11 0:PIX", "0 1 6-7,14-15 1:PIX"));
  EXPECT_EQ(reasons(two_nodes(), 3)[2],
            "Shares GPU 0 with 1 other rank, because 3 ranks meet 2 usable GPUs; has 2 of the 4 cores of "
            "NUMA node 1, "
            "where its GPU is; NIC mlx5_1 (PIX).");
}

TEST(PlaceOnMachine, UnusableGpusAreSkippedSoThatLocalRankIsTheCudaDevice) {
  Machine machine = two_nodes();
  machine.gpus[0].usable = false;
  EXPECT_THAT(places(machine, 1), ElementsAre("1 0 0-3,8-11 0:PIX"));
  machine.gpus[1].usable = false;
  machine.gpus[0].unusable_because = {UnusableKind::no_driver};
  EXPECT_THAT(places(machine, 2), ElementsAre("- 0 0-3,8-11 -", "- 1 4-7,12-15 -"));
  EXPECT_EQ(reasons(machine, 2)[0],
            "No GPU here is usable (no NVIDIA driver is loaded); has all 4 cores of NUMA node 0.");
}

TEST(PlaceOnMachine, WithoutGpusTheCoresAreSharedEvenly) {
  const Machine machine = make_machine({2, 4, 2, {}, {}});
  EXPECT_THAT(places(machine, 1), ElementsAre("- 0-1 0-15 -"));
  EXPECT_THAT(places(machine, 2), ElementsAre("- 0 0-3,8-11 -", "- 1 4-7,12-15 -"));
  EXPECT_THAT(places(machine, 3), ElementsAre("- 0 0-1,8-9 -", "- 0 2-3,10-11 -", "- 1 4-7,12-15 -"))
      << "nobody lies across both nodes";
  EXPECT_EQ(reasons(machine, 1)[0], "Has 8 of the machine's 8 cores.");
  EXPECT_EQ(reasons(machine, 2)[1], "Has all 4 cores of NUMA node 1.");
  EXPECT_EQ(reasons(machine, 3)[0], "Has 2 of the 4 cores of NUMA node 0.");
  EXPECT_EQ(reasons(make_machine({4, 2, 1, {}, {}}), 2)[0], "Has all 4 cores of NUMA nodes 0-1.");
  EXPECT_EQ(reasons(make_machine({2, 1, 2, {}, {}}), 3)[0],
            "Has 1 of the 2 hardware threads of NUMA node 0, because 3 ranks meet 2 cores.");
}

TEST(PlaceOnMachine, WithoutGpusNoRankLiesAcrossNodesIfThatCanBeAvoided) {
  std::mt19937 random(23);
  for (int round = 0; round < 300; ++round) {
    MadeUp shape{1 + static_cast<int>(random() % 5),
                 1 + static_cast<int>(random() % 8),
                 1 + static_cast<int>(random() % 2),
                 {},
                 {}};
    const int ranks = shape.nodes + static_cast<int>(random() % 20);
    for (const BindPolicy policy : {BindPolicy::automatic, BindPolicy::core, BindPolicy::numa}) {
      for (const auto& each : place_on_machine(make_machine(shape), ranks, policy))
        ASSERT_EQ(each->numa.size(), 1U) << ranks << " ranks on " << shape.nodes << " nodes";
    }
  }
}

TEST(PlaceOnMachine, WholeCoresComeBeforeHardwareThreads) {
  const Machine machine = make_machine({1, 2, 2, {}, {}});
  EXPECT_THAT(places(machine, 2), ElementsAre("- 0 0,2 -", "- 0 1,3 -"));
  EXPECT_THAT(places(machine, 3), ElementsAre("- 0 0,2 -", "- 0 1 -", "- 0 3 -"));
  EXPECT_EQ(reasons(machine, 3)[1],
            "Has 1 of the machine's 4 hardware threads, because 3 ranks meet 2 cores.");
  EXPECT_THAT(places(machine, 5), ElementsAre("- 0 0 -", "- 0 2 -", "- 0 1 -", "- 0 3 -", "- 0 0 -"));
  EXPECT_EQ(reasons(machine, 5)[4],
            "Shares a hardware thread with other ranks, because 5 ranks meet 4 hardware threads.");
}

TEST(PlaceOnMachine, ARankWhoseNodeIsFullGetsCoresElsewhereAndSaysSo) {
  const Machine machine = make_machine({2, 2, 1, {0, 0, 0}, {}});
  EXPECT_THAT(places(machine, 3), ElementsAre("0 0 0 -", "1 0 1 -", "2 1 2 -"));
  EXPECT_EQ(reasons(machine, 3)[2],
            "Has 1 core away from its GPU, because NUMA node 0 has fewer cores than ranks.");
}

TEST(PlaceOnMachine, CpusThatMayNotBeUsedAreLeftOut) {
  Machine machine = two_nodes();
  machine.core_cpus = {{0, 8}, {1}, {2, 10}};  // a container with part of node 0
  EXPECT_THAT(places(machine, 2), ElementsAre("0 0 0-1,8 1:PIX", "1 0 2,10 0:PIX"));
  EXPECT_EQ(reasons(machine, 2)[0],
            "Has 2 of the machine's 3 cores, because none of the CPUs near its GPU on NUMA node 1 may be "
            "used here; NIC "
            "mlx5_1 (PIX).");
}

TEST(PlaceOnMachine, AGpuWhosePlaceIsUnknownLeavesTheNodesToTheOthers) {
  Machine machine = two_nodes();
  machine.gpus[0].numa.reset();
  machine.gpus[0].cpus.clear();
  EXPECT_THAT(places(machine, 2), ElementsAre("0 1 4-7,12-15 1:PIX", "1 0 0-3,8-11 0:PIX"));
  EXPECT_EQ(reasons(machine, 2)[0],
            "Has all 4 cores of NUMA node 1, because the machine does not say which CPUs its GPU is near; "
            "NIC mlx5_1 (PIX).");
  EXPECT_THAT(places(machine, 2, BindPolicy::numa), ElementsAre("0 1 4-7,12-15 1:PIX", "1 0 0-3,8-11 0:PIX"));
}

TEST(PlaceOnMachine, MemoryComesFromNodesThatHaveSome) {
  Machine machine = two_nodes();
  machine.numa_nodes[1].memory_bytes = 0;
  EXPECT_THAT(places(machine, 2), ElementsAre("0 any 4-7,12-15 1:PIX", "1 0 0-3,8-11 0:PIX"));
  EXPECT_EQ(
      reasons(machine, 2)[0],
      "Has all 4 cores of NUMA node 1, where its GPU is; its memory comes from elsewhere, because there is "
      "none near its CPUs; NIC mlx5_1 (PIX).");
  machine.numa_nodes[0].memory_bytes = 0;  // nothing is known of memory at all
  EXPECT_THAT(places(machine, 2), ElementsAre("0 1 4-7,12-15 1:PIX", "1 0 0-3,8-11 0:PIX"));
}

TEST(PlaceOnMachine, EveryPolicyDoesWhatItSays) {
  const Machine machine = two_nodes();
  EXPECT_THAT(places(machine, 2, BindPolicy::gpu), ElementsAre("0 1 4-7,12-15 1:PIX", "1 0 0-3,8-11 0:PIX"));
  EXPECT_THAT(places(machine, 2, BindPolicy::core), ElementsAre("0 0 0-3,8-11 1:PIX", "1 1 4-7,12-15 0:PIX"));
  EXPECT_THAT(places(machine, 2, BindPolicy::none),
              ElementsAre("0 any unbound 1:PIX", "1 any unbound 0:PIX"));
  EXPECT_THAT(places(machine, 3, BindPolicy::numa),
              ElementsAre("0 1 4-7,12-15 1:PIX", "1 0 0-3,8-11 0:PIX", "0 1 4-7,12-15 1:PIX"));
  EXPECT_EQ(reasons(machine, 2, BindPolicy::none)[0], "Not bound, as --bind none asks; NIC mlx5_1 (PIX).");
  EXPECT_EQ(reasons(machine, 2, BindPolicy::numa)[0],
            "Has all of NUMA node 1, where its GPU is; NIC mlx5_1 (PIX).");
}

TEST(PlaceOnMachine, PoliciesWithoutAGpuFallBackOrSayWhyNot) {
  const Machine machine = make_machine({2, 2, 1, {}, {}});
  EXPECT_THAT(places(machine, 2, BindPolicy::gpu), ElementsAre("- any unbound -", "- any unbound -"));
  EXPECT_EQ(reasons(machine, 1, BindPolicy::gpu)[0], "Not bound, because it has no GPU.");
  EXPECT_THAT(places(machine, 4, BindPolicy::numa),
              ElementsAre("- 0 0-1 -", "- 0 0-1 -", "- 1 2-3 -", "- 1 2-3 -"));
  EXPECT_EQ(reasons(machine, 1, BindPolicy::numa)[0], "Has all of NUMA node 0.");

  Machine half_known = two_nodes();
  half_known.gpus[0].numa.reset();
  half_known.gpus[0].cpus.clear();
  EXPECT_THAT(places(half_known, 2, BindPolicy::gpu),
              ElementsAre("0 any unbound 1:PIX", "1 0 0-3,8-11 0:PIX"));
  EXPECT_EQ(reasons(half_known, 2, BindPolicy::gpu)[0],
            "Not bound, because the machine does not say which CPUs its GPU is near; NIC mlx5_1 (PIX).");
}

TEST(PlaceOnMachine, NothingIsBoundWhereTheCpusAreUnknown) {
  Machine machine;
  machine.gpus.resize(2);
  EXPECT_THAT(places(machine, 2), ElementsAre("0 any unbound -", "1 any unbound -"));
  EXPECT_EQ(reasons(machine, 2)[0], "Not bound, because the machine's CPUs are not known.");
  EXPECT_TRUE(place_on_machine(machine, 0, BindPolicy::automatic).empty());
}

TEST(PlaceOnMachine, AFarOrMissingNicIsSaid) {
  Machine machine = make_machine({2, 4, 1, {0}, {1}});
  EXPECT_EQ(reasons(machine, 1)[0],
            "Has all 4 cores of NUMA node 0, where its GPU is; NIC mlx5_0 (SYS, none is nearer).");
  machine.nics[0].link_up = false;
  EXPECT_EQ(reasons(machine, 1)[0],
            "Has all 4 cores of NUMA node 0, where its GPU is; no NIC, because every link is down.");
}

TEST(PlaceOnMachine, ANearerNicThatIsNotUsedIsSaid) {
  Machine machine = make_machine({2, 4, 1, {0}, {1, 0}});
  const auto nic = [&] {
    const std::string why = reasons(machine, 1)[0];
    return why.substr(why.find("NIC "));
  };
  machine.nics[1].kind = NicKind::ethernet;
  EXPECT_EQ(nic(), "NIC mlx5_0 (SYS, no InfiniBand or EFA NIC is nearer).");
  machine.nics[1].link_up = false;
  EXPECT_EQ(nic(), "NIC mlx5_0 (SYS, none that is up is nearer).");
  machine.nics[1].kind = NicKind::infiniband;
  EXPECT_EQ(nic(), "NIC mlx5_0 (SYS, none that is up is nearer).");
  machine.nics.emplace_back().name = "eth0";
  machine.gpu_nic[0].push_back(Nearness::PHB);
  EXPECT_EQ(nic(), "NIC mlx5_0 (SYS, no InfiniBand or EFA NIC that is up is nearer).");
}

TEST(PlaceOnMachine, WhyNothingIsBoundCanBeSaidOtherwise) {
  EXPECT_EQ(place_on_machine(two_nodes(), 1, BindPolicy::none, "not bound, because it is Sunday")[0]->why,
            "Not bound, because it is Sunday; NIC mlx5_1 (PIX).");
}

TEST(PlaceOnMachine, OnGeneratedMachinesEveryRankHasAPlaceAndNoCoreIsGivenTwice) {
  std::mt19937 random(3);
  const auto below = [&](std::size_t limit) { return static_cast<int>(random() % limit); };
  for (int round = 0; round < 400; ++round) {
    MadeUp shape;
    shape.nodes = 1 + below(4);
    shape.cores_per_node = 1 + below(6);
    shape.threads_per_core = 1 + below(2);
    for (int gpus = below(6); gpus > 0; --gpus)
      shape.gpu_nodes.push_back(below(static_cast<std::size_t>(shape.nodes)));
    for (int nics = below(4); nics > 0; --nics)
      shape.nic_nodes.push_back(below(static_cast<std::size_t>(shape.nodes)));
    Machine machine = make_machine(shape);
    for (Gpu& gpu : machine.gpus) {
      if (below(5) == 0) gpu.usable = false;
      if (below(5) == 0) gpu.numa.reset();
      if (below(8) == 0) gpu.cpus.clear();
    }
    if (below(3) == 0 && machine.core_cpus.size() > 1) machine.core_cpus.pop_back();
    const int ranks = 1 + below(16);
    const IdSet allowed = allowed_cpus(machine);
    for (const BindPolicy policy : all_policies) {
      const auto placed = place_on_machine(machine, ranks, policy);
      ASSERT_EQ(placed.size(), static_cast<std::size_t>(ranks));
      std::map<int, int> owners;
      for (const auto& each : placed) {
        ASSERT_FALSE(each->why.empty());
        ASSERT_EQ(intersection(each->cpus, allowed), each->cpus);
        ASSERT_EQ(each->gpu.has_value(), machine.usable_gpus() > 0);
        if (each->gpu) {
          ASSERT_TRUE(machine.gpu(*each->gpu).usable);
        }
        ASSERT_EQ(each->nic.has_value(), each->gpu && !machine.nics.empty());
        for (const int cpu : each->cpus) ++owners[cpu];
        if (policy == BindPolicy::automatic || policy == BindPolicy::core) {
          ASSERT_FALSE(each->cpus.empty());
        }
      }
      const bool shares_are_disjoint =
          policy != BindPolicy::numa && allowed.size() >= static_cast<std::size_t>(ranks);
      for (const auto& [cpu, count] : owners) {
        if (shares_are_disjoint) {
          ASSERT_EQ(count, 1) << "CPU " << cpu;
        }
      }
      if (!shares_are_disjoint || placed.size() > machine.core_cpus.size()) continue;
      for (const IdSet& core : machine.core_cpus) {
        int on_core = 0;
        for (const auto& each : placed) on_core += intersection(core, each->cpus).empty() ? 0 : 1;
        ASSERT_LE(on_core, 1) << "core " << to_string(core);
      }
    }
  }
}

}  // namespace
}  // namespace smlaunch
