// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/host_watch.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/agent/host_facts.hpp"
#include "tests/topology/made_up_machine.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Machine usual() {
  Machine machine = make_machine({1, 4, 1, {0, 0}, {0}});
  machine.versions = {{"smlaunch", "1"}, {"nccl", "2.18.5"}};
  return machine;
}

// One rank on each host, led by the first.
LaunchPlan plan_of(int hosts) {
  LaunchPlan plan;
  plan.current_host = "algo-1";
  const auto machine = std::make_shared<const Machine>(usual());
  for (int i = 0; i < hosts; ++i) {
    Host host;
    host.name = fmt::format("algo-{}", i + 1);
    host.machine = machine;
    host.source = i == 0 ? TopologySource::probed : TopologySource::assumed;
    plan.cluster.hosts.push_back(host);
    plan.layout.ranks_per_host.push_back(1);
    Placement placement;
    placement.cpus = {0, 1};
    plan.layout.ranks.push_back(
        {Rank{i}, LocalRank{0}, NodeRank{i}, std::make_shared<const Placement>(placement)});
  }
  return plan;
}

Hello hello_of(const Machine& machine) {
  Hello hello;
  tell_host_facts(machine, machine.processing_units, true, hello);
  return hello;
}

TEST(TellHostFacts, AreCountsAloneOnOneHost) {
  Hello hello;
  tell_host_facts(usual(), 3, false, hello);
  EXPECT_EQ(hello.gpus, 2);
  EXPECT_EQ(hello.cpus, 3);
  EXPECT_THAT(hello.traits, IsEmpty());
}

TEST(TellHostFacts, AreSmallWhateverTheMachineIsLike) {
  Machine machine = usual();
  for (int i = 0; i < 1000; ++i) {
    warn(machine,
         {.subject = std::string(1000, 'w'), .because = {UnusableKind::other, std::string(1000, 'w')}});
    machine.gpus.push_back(machine.gpus[0]);
    machine.gpus.back().model = fmt::format("model {}", i);
  }
  EXPECT_LT(encode(hello_of(machine)).size(), 16U << 10U);
}

TEST(HostWatch, HostsThatAreAlikeAreNoMatter) {
  const LaunchPlan plan = plan_of(3);
  HostWatch watch(plan);
  for (int rank = 0; rank < 3; ++rank) watch.joined(Rank{rank}, hello_of(usual()));
  EXPECT_THAT(watch.odd_hosts(), IsEmpty());
}

TEST(HostWatch, NamesEachHostThatIsNotLikeTheOthersAndWhatIsWrongWithIt) {
  const LaunchPlan plan = plan_of(4);
  HostWatch watch(plan);
  Machine other = usual();
  other.versions.erase("nccl");
  other.gpus[1].usable = false;
  other.gpus[1].unusable_because = {UnusableKind::off_the_bus};
  other.nics.clear();
  for (int rank = 0; rank < 4; ++rank) watch.joined(Rank{rank}, hello_of(rank == 2 ? other : usual()));
  EXPECT_THAT(
      watch.odd_hosts(),
      ElementsAre("algo-3: 1 of its 2 GPUs cannot be used (0000:20:00.0): it has fallen off the PCI bus",
                  "algo-3 differs: usable GPUs 1, on the 3 other hosts 2",
                  "algo-3 differs: NICs 0, on the 3 other hosts 1",
                  "algo-3 differs: no NCCL, on the 3 other hosts 2.18.5"));
}

TEST(HostWatch, TheLeadersOwnHostIsOneOfThem) {
  LaunchPlan plan = plan_of(3);
  HostWatch watch(plan);
  Machine old = usual();
  old.versions["nccl"] = "2.17.1";
  for (int rank = 0; rank < 3; ++rank) watch.joined(Rank{rank}, hello_of(rank == 0 ? old : usual()));
  EXPECT_THAT(watch.odd_hosts(), ElementsAre("algo-1 differs: NCCL 2.17.1, on the 2 other hosts 2.18.5"));
  const Cluster before = plan.cluster;
  for (Host& each : plan.cluster.hosts) each.source = TopologySource::file;
  plan.cluster.hosts[{0}].machine = std::make_shared<const Machine>(old);
  EXPECT_THAT(watch.odd_hosts(), IsEmpty()) << "the plan has said so";
  plan.cluster = before;
  plan.machines_as_planned = true;
  EXPECT_THAT(watch.odd_hosts(), IsEmpty());
}

TEST(HostWatch, WhatIsWrongIsSaidByThePlanWhereItHasSeenTheHost) {
  LaunchPlan plan = plan_of(2);
  HostWatch watch(plan);
  Machine odd = usual();
  warn(odd, {.kind = FindingKind::unreachable_gpu, .subject = "GPU 2"});
  for (int rank = 0; rank < 2; ++rank) watch.joined(Rank{rank}, hello_of(odd));
  EXPECT_THAT(watch.odd_hosts(), ElementsAre("algo-2: the NVIDIA driver cannot reach GPU 2"));
  plan.cluster.hosts[{0}].source = TopologySource::file;
  EXPECT_THAT(watch.odd_hosts(), ElementsAre("algo-1, algo-2: the NVIDIA driver cannot reach GPU 2"));
  for (Host& each : plan.cluster.hosts) {
    each.source = TopologySource::file;
    each.machine = std::make_shared<const Machine>(odd);
  }
  EXPECT_THAT(watch.odd_hosts(), IsEmpty()) << "the plan has said so of the same hosts";
}

TEST(HostWatch, CountsAsFoundStandForThePlansWhereItHasNotSeenTheHost) {
  LaunchPlan plan = plan_of(3);
  plan.cluster.hosts[{1}].source = TopologySource::file;
  HostWatch watch(plan);
  Machine other = usual();
  other.gpus.pop_back();
  for (int rank = 0; rank < 2; ++rank) watch.joined(Rank{rank}, hello_of(other));
  EXPECT_EQ(watch.facts_of({0}), std::nullopt);
  EXPECT_EQ(watch.facts_of({1}), (std::pair{1, 4}));
  EXPECT_EQ(watch.facts_of({2}), std::nullopt) << "it has not said anything";
}

TEST(HostWatch, ComparesBindingsWithThePlan) {
  LaunchPlan plan = plan_of(2);
  plan.cluster.hosts[{1}].source = TopologySource::file;
  HostWatch watch(plan);
  Started started;
  started.cpus = started.chosen_cpus = "0-1";
  EXPECT_THAT(watch.started(Rank{0}, &started), IsEmpty());
  started.cpus = started.chosen_cpus = "0";
  started.host_cpus = 1;
  started.host_gpus = 0;
  EXPECT_THAT(
      watch.started(Rank{1}, &started),
      ElementsAre("algo-2: rank 1: planned 0-1, runs on 0 (the host differs from its saved topology: it "
                  "has 1 CPUs instead of 4 and 0 usable GPUs instead of 2)"));
}

}  // namespace
}  // namespace smlaunch
