// SPDX-License-Identifier: Apache-2.0
#include "topology/odd_hosts.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const MadeUp two_gpus = {2, 4, 1, {0, 1}, {0, 1}};

Cluster cluster_of(int hosts, const MadeUp& shape = two_gpus) {
  Cluster cluster;
  for (int i = 1; i <= hosts; ++i) {
    Host host;
    host.name = fmt::format("algo-{}", i);
    host.machine = std::make_shared<const Machine>(make_machine(shape));
    host.source = TopologySource::probed;
    cluster.hosts.push_back(host);
  }
  return cluster;
}

void change(Cluster& cluster, int host, const std::function<void(Machine&)>& how) {
  Machine machine = *cluster.hosts[{host}].machine;
  how(machine);
  cluster.hosts[{host}].machine = std::make_shared<const Machine>(std::move(machine));
}

TEST(FindOddHosts, EqualHostsAreNotNamed) {
  EXPECT_THAT(find_odd_hosts(cluster_of(3)), IsEmpty());
  EXPECT_THAT(find_odd_hosts(cluster_of(1)), IsEmpty());
  EXPECT_THAT(find_odd_hosts({}), IsEmpty());
}

TEST(FindOddHosts, EachDifferenceIsNamedWithItsHost) {
  struct Case {
    const char* about;
    std::function<void(Machine&)> how;
    const char* sentence;
  };
  const Case cases[] = {
      {"a lost GPU", [](Machine& m) { m.gpus[1].usable = false; },
       "algo-2 differs: usable GPUs 1, on the 2 other hosts 2"},
      {"a model", [](Machine& m) { m.gpus[0].model = "NVIDIA H100"; },
       "algo-2 differs: GPU models 1 x NVIDIA H100, 1 x NVIDIA H200, on the 2 other hosts 2 x NVIDIA H200"},
      {"fewer cores", [](Machine& m) { m.cores = 7; }, "algo-2 differs: cores 7, on the 2 other hosts 8"},
      {"a link", [](Machine& m) { m.nics[0].link_up = false; },
       "algo-2 differs: links that are up 1, on the 2 other hosts 2"},
      {"a bus", [](Machine& m) { m.gpu_nic[0][0] = Nearness::NODE; },
       "algo-2 differs from the 2 other hosts in the way its devices hang on the PCI bus"},
      {"no version",
       [](Machine& m) {
         m.versions = {{"smlaunch", "1"}};
       },
       "algo-2 differs: no NCCL, on the 2 other hosts 2.18.5"},
      {"one version more", [](Machine& m) { m.versions["driver"] = "550.54"; },
       "algo-2 differs: NVIDIA driver 550.54, on the 2 other hosts none"},
      {"a version", [](Machine& m) { m.versions["nccl"] = "2.19.3"; },
       "algo-2 differs: NCCL 2.19.3, on the 2 other hosts 2.18.5"},
      {"a width", [](Machine& m) { m.gpus[1].link.lanes = 8; },
       "algo-2 differs: PCI lanes of its GPUs 1 x 16, 1 x 8, on the 2 other hosts 2 x 16"},
      {"a slow slot", [](Machine& m) { m.gpus[0].link.generation = 4; },
       "algo-2 differs: PCIe generations of its GPUs 1 x 4, 1 x 5, on the 2 other hosts 2 x 5"},
      {"a NIC's width", [](Machine& m) { m.nics[0].link.lanes = 8; },
       "algo-2 differs: PCI lanes of its NICs 1 x 16, 1 x 8, on the 2 other hosts 2 x 16"},
      {"a NIC's slow slot", [](Machine& m) { m.nics[0].link.generation = 3; },
       "algo-2 differs: PCIe generations of its NICs 1 x 3, 1 x 5, on the 2 other hosts 2 x 5"},
      {"a speed", [](Machine& m) { m.nics[1].gigabits = 200; },
       "algo-2 differs: NIC speeds 1 x 200 Gb/s, 1 x 400 Gb/s, on the 2 other hosts 2 x 400 Gb/s"}};
  for (const Case& each : cases) {
    Cluster cluster = cluster_of(3);
    for (int host = 0; host < 3; ++host) {
      change(cluster, host, [](Machine& m) {
        m.versions = {{"nccl", "2.18.5"}, {"smlaunch", "1"}};
        for (Gpu& gpu : m.gpus) gpu.link = {16, 5};
        for (Nic& nic : m.nics) {
          nic.gigabits = 400;
          nic.link = {16, 5};
        }
      });
    }
    change(cluster, 1, each.how);
    EXPECT_THAT(find_odd_hosts(cluster), ElementsAre(each.sentence)) << each.about;
  }
}

TEST(FindOddHosts, WhatIsNotKnownIsNoDifference) {
  Cluster cluster = cluster_of(3);
  change(cluster, 0, [](Machine& m) {
    m.versions["driver"] = "550.54";
    m.gpus[0].link = {16, 5};
    m.nics[0].link = {16, 5};
  });
  change(cluster, 2, [](Machine& m) { m.nics.clear(); });
  cluster.hosts[{2}].source = TopologySource::assumed;
  EXPECT_THAT(find_odd_hosts(cluster), IsEmpty());
}

TEST(FindOddHosts, DevicesThatWereNotLookedForAreNoDifference) {
  Cluster cluster = cluster_of(3, {1, 4, 1, {}, {0}});
  change(cluster, 0, [](Machine& m) {
    m.nics.clear();
    m.has_devices = false;
  });
  EXPECT_THAT(find_odd_hosts(cluster), IsEmpty());
  change(cluster, 0, [](Machine& m) { m.has_devices = true; });
  EXPECT_THAT(find_odd_hosts(cluster), ElementsAre("algo-1 differs: NICs 0, on the 2 other hosts 1"));
}

TEST(FindOddTraits, ATraitIsComparedAmongTheHostsThatKnowIt) {
  const Indexed<NodeRank, std::string> names = {"a", "b", "c"};
  EXPECT_THAT(find_odd_traits(names, {{{NodeRank{0}}, "", {{"x", "1"}}},
                                      {{NodeRank{1}}, "", {{"x", "1"}, {"y", "2"}}},
                                      {{NodeRank{2}}, "", {{"x", "1"}, {"y", "3"}}}}),
              ElementsAre("hosts differ: y 2 on b, 3 on c"));
  EXPECT_THAT(find_odd_traits({}, {}), IsEmpty());
}

TEST(FindOddTraits, HostsThatAreAlikeCountTogetherAndAreNamedInOrder) {
  EXPECT_THAT(
      find_odd_traits({"a", "b", "c", "d", "e"},
                      {{{NodeRank{1}, NodeRank{4}}, "", {{"x", "1"}, {"y", "1"}}},
                       {{NodeRank{2}}, "", {{"x", "1"}, {"y", "2"}}},
                       {{NodeRank{0}, NodeRank{3}}, "", {{"x", "2"}, {"y", "2"}}}}),
      ElementsAre("a, d differ: x 2, on the 3 other hosts 1", "b, e differ: y 1, on the 3 other hosts 2"));
}

TEST(TraitsOf, AreSmallEnoughForAHello) {
  std::size_t bytes = 0;
  for (const Trait& trait :
       traits_of(make_machine({8, 16, 2, std::vector<int>(16, 0), std::vector<int>(32, 1)})))
    bytes += trait.name.size() + trait.value.size();
  EXPECT_LT(bytes, 1000U);
}

TEST(FindOddHosts, OnlyHostsOfOneGroupAreCompared) {
  Cluster cluster = cluster_of(4);
  for (const int host : {2, 3}) {
    change(cluster, host, [](Machine& m) { m.gpus.clear(); });
    cluster.hosts[{host}].group = "without";
  }
  EXPECT_THAT(find_odd_hosts(cluster), IsEmpty());
}

TEST(FindOddHosts, WithoutAMajorityBothSidesAreNamed) {
  Cluster cluster = cluster_of(2);
  change(cluster, 1, [](Machine& m) { m.gpus[0].usable = false; });
  EXPECT_THAT(find_odd_hosts(cluster), ElementsAre("hosts differ: usable GPUs 1 on algo-2, 2 on algo-1"));
}

TEST(FindOddHosts, ManyOddHostsAreOneSentence) {
  Cluster cluster = cluster_of(30);
  for (int host = 0; host < 10; ++host) change(cluster, host, [](Machine& m) { m.cores = 6; });
  EXPECT_THAT(
      find_odd_hosts(cluster),
      ElementsAre(
          "algo-1, algo-2, algo-3, algo-4, algo-5, algo-6 and 4 more differ: cores 6, on the 20 other "
          "hosts 8"));
}

}  // namespace
}  // namespace smlaunch
