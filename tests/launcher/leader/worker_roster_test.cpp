// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/worker_roster.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using ::testing::ElementsAre;

WorkerRoster roster() { return {{"algo-1", "algo-2", "algo-3"}, {"algo-4", "algo-5"}, Peer{6}}; }

TEST(WorkerRoster, HoldsThePeersBehindTheRanks) {
  const WorkerRoster workers = roster();
  EXPECT_FALSE(workers.holds(Peer{5}));
  EXPECT_TRUE(workers.holds(Peer{6}));
  EXPECT_EQ(workers.of(Peer{7}).host, "algo-2");
  EXPECT_EQ(workers.peer(WorkerIndex{4}), Peer{10});
  EXPECT_THAT(workers.hosts(), ElementsAre("algo-1", "algo-2", "algo-3", "algo-4", "algo-5"));
}

TEST(WorkerRoster, ALossBeforeTheJobCountsUntilTheWorkerComesAgainAndNeverOfASpareHost) {
  WorkerRoster workers = roster();
  workers.joined(Peer{7});
  EXPECT_TRUE(workers.any_connected());
  workers.lost_before_job(Peer{7}, Silence{10, "reset"});
  EXPECT_FALSE(workers.any_connected());
  EXPECT_EQ(workers.find_lost()->host, "algo-2");
  EXPECT_EQ(std::get<Silence>(*workers.find_lost()->loss).why, "reset");
  workers.joined(Peer{7});
  EXPECT_EQ(workers.find_lost(), nullptr);
  workers.joined(Peer{9});
  workers.lost_before_job(Peer{9}, Silence{10, "reset"});
  EXPECT_FALSE(workers.of(Peer{9}).is_connected);
  EXPECT_EQ(workers.find_lost(), nullptr);
}

TEST(WorkerRoster, WhatAProcessHasSaidIsNotSaidByTheNextOneInItsPlace) {
  WorkerRoster workers = roster();
  workers.joined(Peer{7});
  workers.code_ended(Peer{7}, CodeEnd{.is_ready = true});
  EXPECT_TRUE(workers.told_to_stop(Peer{7}));
  workers.joined(Peer{7});
  EXPECT_FALSE(workers.of(Peer{7}).code);
  EXPECT_TRUE(workers.told_to_stop(Peer{7}));
}

TEST(WorkerRoster, AWordToStopIsNewsOnce) {
  WorkerRoster workers = roster();
  EXPECT_TRUE(workers.told_to_stop(Peer{7}));
  EXPECT_FALSE(workers.told_to_stop(Peer{7}));
  EXPECT_TRUE(workers.told_to_stop(Peer{8}));
}

TEST(WorkerRoster, CountsAWorkerOnceHoweverOftenItComesAndGoes) {
  WorkerRoster workers = roster();
  workers.left(Peer{7});
  EXPECT_FALSE(workers.any_connected());
  workers.joined(Peer{7});
  workers.joined(Peer{7});
  workers.joined(Peer{8});
  workers.left(Peer{7});
  workers.left(Peer{7});
  EXPECT_TRUE(workers.any_connected()) << "algo-3 is";
  workers.lost_before_job(Peer{8}, WordsRefused{"nonsense"});
  EXPECT_FALSE(workers.any_connected());
}

TEST(WorkerRoster, RemembersWhichWorkersHadComeWhenTheGoodbyeBegan) {
  WorkerRoster workers = roster();
  workers.joined(Peer{7});
  workers.begin_goodbye();
  workers.left(Peer{7});
  workers.joined(Peer{8});
  EXPECT_TRUE(workers.of(Peer{7}).had_come);
  EXPECT_FALSE(workers.of(Peer{8}).had_come);
}

TEST(WorkerRoster, AwaitsTheOtherHostsThatHaveNeverCome) {
  WorkerRoster workers = roster();
  workers.joined(Peer{7});
  workers.left(Peer{7});
  EXPECT_FALSE(workers.any_connected());
  EXPECT_TRUE(workers.any_is_awaited("algo-1")) << "algo-3 has not come yet";
  workers.joined(Peer{8});
  EXPECT_FALSE(workers.any_is_awaited("algo-1")) << "only spare hosts and the leader's have not come";
  EXPECT_TRUE(workers.any_is_awaited("algo-9"));
}

TEST(WorkerRoster, AWorkerIsOnItsWayFromTheHandOverUntilItHasCome) {
  WorkerRoster workers = roster();
  EXPECT_FALSE(workers.any_is_on_its_way());
  workers.handed_over(NodeRank{1});
  EXPECT_TRUE(workers.any_is_on_its_way());
  workers.joined(Peer{8});
  EXPECT_TRUE(workers.any_is_on_its_way()) << "it is another one";
  workers.joined(Peer{7});
  workers.left(Peer{7});
  EXPECT_FALSE(workers.any_is_on_its_way());
}

TEST(WorkerRoster, AHostAtFaultIsReplacedWhileSpareOnesAreLeftButNeverTheLeader) {
  const WorkerRoster workers = roster();
  EXPECT_THAT(workers.find_replaced({"algo-2"}, "algo-1"), ElementsAre("algo-2"));
  EXPECT_THAT(workers.find_replaced({"algo-1"}, "algo-1"), ElementsAre());
  EXPECT_THAT(workers.find_replaced({"algo-3", "algo-2"}, "algo-1"), ElementsAre("algo-2", "algo-3"));
  // One spare host is at fault itself: the other takes the place of the first.
  EXPECT_THAT(workers.find_replaced({"algo-2", "algo-3", "algo-4"}, "algo-1"), ElementsAre("algo-2"));
  EXPECT_THAT(workers.find_replaced({"algo-4"}, "algo-1"), ElementsAre());
}

}  // namespace
}  // namespace smlaunch
