// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/rank_binding.hpp"

#include <gtest/gtest.h>

#include "tests/topology/made_up_machine.hpp"
#include "topology/probe_machine.hpp"

namespace smlaunch {
namespace {

Start planned(const char* own_bind) {
  Start start;
  start.cpus = "0-7";
  start.numa = "0";
  start.own_bind = own_bind;
  start.local_ranks = 2;
  return start;
}

TEST(ChooseHome, KeepsToThePlanWhereTheHostIsKnown) {
  const RankHome home = choose_home(planned(""), 1, make_machine({2, 2, 1, {}, {}}));
  EXPECT_EQ(to_string(home.cpus), "0-7");
  EXPECT_EQ(to_string(home.numa), "0");
  EXPECT_FALSE(home.threads);
}

TEST(ChooseHome, PlacesByItsOwnMachineWhereTheHostWasAssumed) {
  const Machine machine = make_machine({2, 2, 2, {1, 0}, {}});
  const RankHome near_gpu = choose_home(planned("auto"), 0, machine);
  EXPECT_EQ(to_string(near_gpu.cpus), "2-3,6-7") << "its GPU is on node 1";
  EXPECT_EQ(to_string(near_gpu.numa), "1");
  EXPECT_EQ(near_gpu.threads, 2) << "cores, not hardware threads";
  const RankHome by_core = choose_home(planned("core"), 1, machine);
  EXPECT_EQ(to_string(by_core.cpus), "2-3,6-7");
  const RankHome unbound = choose_home(planned("none"), 1, machine);
  EXPECT_EQ(to_string(unbound.cpus), "");
  EXPECT_EQ(unbound.threads, 2) << "its share of four cores";
}

TEST(ChooseHome, WithoutAMachineThePlanStands) {
  EXPECT_EQ(to_string(choose_home(planned("auto"), 0, {}).cpus), "0-7");
  EXPECT_EQ(to_string(choose_home(planned("auto"), 2, make_machine({})).cpus), "0-7")
      << "a rank the plan does not know there";
}

TEST(BindRank, CorrectsTheThreadsOnlyWhereTheyAreOursToSet) {
  Start start = planned("none");
  start.default_variables["OMP_NUM_THREADS"] = "99";
  const Started report = bind_rank(start, 0, make_machine({1, 6, 1, {}, {}}));
  EXPECT_EQ(start.default_variables.at("OMP_NUM_THREADS"), "3");
  EXPECT_EQ(report.cpus, "");
  EXPECT_EQ(report.host_cpus, 6);
  Start of_user = planned("none");
  of_user.user_variables["OMP_NUM_THREADS"] = "5";
  bind_rank(of_user, 0, make_machine({1, 6, 1, {}, {}}));
  EXPECT_FALSE(of_user.default_variables.contains("OMP_NUM_THREADS"));
}

TEST(BindRank, ReadsBackWhereItRunsAlsoWhereItCannotBeBound) {
  const auto machine = probe_machine({.with_devices = false});
  ASSERT_TRUE(machine);
  Start start = planned("");
  start.cpus = "100000";
  start.default_variables["OMP_NUM_THREADS"] = "99";
  const Started report = bind_rank(start, 0, {});
  EXPECT_EQ(report.chosen_cpus, "100000");
  EXPECT_EQ(report.cpus, to_string(allowed_cpus(*machine)));
  ASSERT_EQ(report.binding_notes.size(), 1U);
  EXPECT_EQ(report.binding_notes.front().kind, BindingNoteKind::cpus_refused);
  EXPECT_EQ(start.default_variables.at("OMP_NUM_THREADS"), std::to_string(machine->cores));
}

TEST(ChooseHome, ItsThreadsAreItsPartOfASharedNode) {
  Start start = planned("numa");
  EXPECT_EQ(choose_home(start, 0, make_machine({1, 6, 1, {}, {}})).threads, 3);
}

}  // namespace
}  // namespace smlaunch
