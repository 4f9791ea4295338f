// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/smoke_conductor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/launcher/smoke/pretended_set.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;

std::vector<std::string> names(const SmokeReport& report) {
  std::vector<std::string> made;
  for (const Suspect& suspect : report.suspects)
    made.push_back(to_string(suspect.subject) + " " + suspect.name);
  return made;
}

TEST(SmokeConductor, HealthyRanksPassInOneSet) {
  PretendedSet set(small_settings(4, 2));
  const SmokeReport report = set.run();
  EXPECT_TRUE(set.over);
  EXPECT_EQ(report.verdict, SmokeVerdict::pass);
  EXPECT_EQ(report.reason, "every element right on 8 ranks");
  EXPECT_EQ(report.evidence, "mpi-cpu; NCCL NOT RUN");
  EXPECT_EQ(set.sets, 1);
  EXPECT_EQ(set.gentle_ends, 1);
  ASSERT_EQ(set.stages.size(), all_smoke_stages.size());
  for (std::size_t i = 0; i < set.stages.size(); ++i) {
    EXPECT_EQ(set.stages[i].stage, all_smoke_stages[i]);
    EXPECT_EQ(set.stages[i].reached, 8);
  }
  ASSERT_TRUE(report.busbw_gbps);
  EXPECT_DOUBLE_EQ(*report.busbw_gbps, 8000 / 0.001 / 1e9 * 2 * 7 / 8);
}

TEST(SmokeConductor, RanksThatHangAreNamedByTheirStage) {
  PretendedSet set(small_settings(4, 2));
  set.hangs = [](int rank) { return rank == 3; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason,
            "7 of 8 ranks reached \"communicator called\" within 20 s; not there: rank 3 (algo-2)");
  EXPECT_THAT(names(report), ElementsAre("rank 3"));
  EXPECT_EQ(report.bad_hosts(), std::vector<std::string>{"algo-2"});
  EXPECT_EQ(report.good_hosts(), (std::vector<std::string>{"algo-1", "algo-3", "algo-4"}));
  EXPECT_EQ(set.sets, 1) << "there is nothing to search for";
  EXPECT_EQ(set.stages.back().missing, std::vector<int>{3});
}

TEST(SmokeConductor, AHostWhoseRanksAllHangIsNamedItself) {
  PretendedSet set(small_settings(4, 2));
  set.hangs = [](int rank) { return rank / 2 == 2; };
  EXPECT_THAT(names(set.run()), ElementsAre("host algo-3"));
}

TEST(SmokeConductor, AMissingLibraryIsTheHostsFault) {
  PretendedSet set(small_settings(4, 1));
  set.loads = [](int rank) { return rank != 2; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason, "rank 2 (algo-3) never reached \"library loaded\": no such file");
  EXPECT_THAT(names(report), ElementsAre("host algo-3"));
  EXPECT_EQ(report.stages[1].missing_ranks, std::vector<int>{2});
}

TEST(SmokeConductor, IfEveryRankLacksTheLibraryNobodyIsAccused) {
  PretendedSet set(small_settings(4, 1));
  set.loads = [](int) { return false; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.reason, "no rank reached \"library loaded\": no such file");
  EXPECT_TRUE(report.suspects.empty());
}

TEST(SmokeConductor, DifferentLibrariesEndTheTestAtOnce) {
  PretendedSet set(small_settings(4, 1));
  set.library = [](int rank) { return LibraryFacts{"/lib/x.so", "1.0", rank == 1 ? "bb" : "aa"}; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason,
            "the libraries differ: 1.0 (/lib/x.so, build aa) on ranks 0,2-3 (algo-1, algo-3, algo-4); 1.0 "
            "(/lib/x.so, build bb) on rank 1 (algo-2)");
  EXPECT_THAT(names(report), ElementsAre("host algo-2"));
  EXPECT_EQ(report.stages[3].missing_ranks.size(), 4U) << "no test was begun";
}

TEST(SmokeConductor, ARankWithWrongNumbersIsNamed) {
  PretendedSet set(small_settings(2, 2));
  set.spoil = [](int rank, TestResult& result) {
    result.sums = {500, {{ContributionFault::missing, 2, 0, 0, 499, 69, 85}}};
    if (rank == 2) result.contributions = {500, {{ContributionFault::missing, 2, 0, 0, 499, 0, 16}}};
  };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.wrong_elements, 500U);
  EXPECT_THAT(names(report), ElementsAre("rank 2"));
  EXPECT_EQ(report.suspects[0].evidence,
            "on algo-2: its contribution is missing in elements 0 to 499, as its own buffer shows");
}

TEST(SmokeConductor, ARankThatOnlyHearsOfAFailureIsNotAccused) {
  PretendedSet set(small_settings(4, 2, nccl_backend));
  set.fails = [](int rank) {
    return CheckFailed{0, SmokeStage::warm_up, rank == 5 ? "system error" : "remote process exited",
                       rank != 5};
  };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.reason, "rank 5 (algo-3) never reached \"warm-up\": system error");
  EXPECT_THAT(names(report), ElementsAre("rank 5"));
}

TEST(SmokeConductor, IfAllRanksOnlyHearOfAFailureNobodyIsAccused) {
  PretendedSet set(small_settings(1, 4, nccl_backend));
  set.fails = [](int) { return CheckFailed{0, SmokeStage::warm_up, "remote process exited", true}; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason,
            "no rank reached \"warm-up\": remote process exited; no two ranks can do it either, so the "
            "search accuses none of the ranks");
  EXPECT_TRUE(report.suspects.empty());
}

TEST(SmokeConductor, AnImitationOfNcclIsNoEvidence) {
  PretendedSet set(small_settings(2, 1, nccl_backend));
  set.library = [](int rank) { return LibraryFacts{"/lib/x.so", "1.0", "aa", rank == 1}; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::pass);
  EXPECT_EQ(report.evidence, "imitation; NCCL NOT RUN");
  EXPECT_EQ(report.expected, std::nullopt) << "speed means nothing";
}

TEST(SmokeConductor, SumsThatAreWrongOnOneRankAloneAccuseIt) {
  PretendedSet set(small_settings(2, 2));
  set.spoil = [](int rank, TestResult& result) {
    if (rank == 1) result.sums = {1, {{ContributionFault::corrupt, std::nullopt, 0, 7, 7, 84, 85}}};
  };
  const SmokeReport report = set.run();
  EXPECT_THAT(names(report), ElementsAre("rank 1"));
  EXPECT_EQ(report.suspects[0].evidence,
            "on algo-1: its sums alone are wrong, in element 7 (first 0x54, expected 0x55)");
}

TEST(SmokeConductor, AHostThatTalksToNobodyIsFoundByPairs) {
  for (int bad = 0; bad < 8; ++bad) {
    PretendedSet set(small_settings(8, 2));
    set.talks = [&](const std::set<int>& nodes) { return nodes.size() == 1 || !nodes.contains(bad); };
    const SmokeReport report = set.run();
    EXPECT_TRUE(set.over);
    EXPECT_EQ(report.verdict, SmokeVerdict::fail);
    EXPECT_THAT(names(report), ElementsAre("host algo-" + std::to_string(bad + 1)));
    EXPECT_GT(set.sets, 1) << "programs that hang are ended";
    EXPECT_LE(set.sets, 5);
  }
}

TEST(SmokeConductor, OnASingleHostTheRankThatTalksToNobodyIsFoundByPairs) {
  PretendedSet set(small_settings(1, 8, nccl_backend));
  set.ranks_talk = [](const IdSet& ranks) { return std::find(ranks.begin(), ranks.end(), 5) == ranks.end(); };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_THAT(names(report), ElementsAre("rank 5"));
  EXPECT_THAT(report.suspects.front().evidence, testing::StartsWith("on algo-1: fails with rank "));
  EXPECT_EQ(report.bad_hosts(), std::vector<std::string>{"algo-1"});
  EXPECT_TRUE(report.pairs.empty()) << "these are of hosts";
}

TEST(SmokeConductor, OnASingleHostABadLinkIsFoundByPairs) {
  PretendedSet set(small_settings(1, 4, nccl_backend));
  set.ranks_talk = [](const IdSet& ranks) {
    return std::find(ranks.begin(), ranks.end(), 1) == ranks.end() ||
           std::find(ranks.begin(), ranks.end(), 3) == ranks.end();
  };
  EXPECT_THAT(names(set.run()), ElementsAre("link ranks 1 3"));
}

TEST(SmokeConductor, OnTheCpuASingleHostIsNotSearched) {
  PretendedSet set(small_settings(1, 8));
  set.ranks_talk = [](const IdSet&) { return false; };
  EXPECT_EQ(set.run().verdict, SmokeVerdict::fail);
  EXPECT_EQ(set.sets, 1);
}

TEST(SmokeConductor, ABadLinkIsFoundByPairs) {
  PretendedSet set(small_settings(6, 1));
  set.talks = [](const std::set<int>& nodes) { return !(nodes.contains(1) && nodes.contains(4)); };
  const SmokeReport report = set.run();
  EXPECT_THAT(names(report), ElementsAre("link algo-2 algo-5"));
  EXPECT_TRUE(report.bad_hosts().empty());
}

TEST(SmokeConductor, ProgramsThatEndBecauseTheyCannotTalkAreNotAccusedForIt) {
  PretendedSet set(small_settings(4, 1));
  set.talks = [](const std::set<int>& nodes) { return !(nodes.contains(1) && nodes.contains(3)); };
  set.ends = [&](int rank) { return set.sets == 1 && rank == 1; };
  EXPECT_THAT(names(set.run()), ElementsAre("link algo-2 algo-4"));
}

TEST(SmokeConductor, ASlowHostIsFoundWhereSpeedIsJudged) {
  SmokeSettings settings = small_settings(8, 2, nccl_backend);
  settings.expected = ExpectedBandwidth{0.014, "a table"};
  PretendedSet set(settings);
  set.seconds = [](const std::set<int>& nodes) { return nodes.contains(5) ? 0.004 : 0.001; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.evidence, "multi-host nccl");
  EXPECT_THAT(names(report), ElementsAre("host algo-6"));
  EXPECT_EQ(set.sets, 1) << "nobody hangs: the same programs go on";
}

TEST(SmokeConductor, OnTheCpuASlowHostIsAPass) {
  PretendedSet set(small_settings(8, 2));
  set.seconds = [](const std::set<int>& nodes) { return nodes.contains(5) ? 0.004 : 0.001; };
  EXPECT_EQ(set.run().verdict, SmokeVerdict::pass);
}

TEST(SmokeConductor, AHostThatComesLateIsSlowOnTheCpuToo) {
  PretendedSet set(small_settings(4, 2));
  set.late = [](int rank) { return rank / 2 == 1 ? 0.3 : 0.0; };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::degraded);
  EXPECT_EQ(report.reason, "algo-2 arrives at least 300 ms after the others at each of 3 repeats");
  EXPECT_THAT(names(report), ElementsAre("host algo-2"));
  EXPECT_NEAR(*report.p50_seconds, 0.001, 1e-9) << "the transfer is not to blame";
}

TEST(SmokeConductor, AnAgentThatIsLostIsNamed) {
  SmokeConductor conductor(small_settings(2, 1));
  conductor.begin();
  conductor.agents_there(0);
  conductor.gone(Rank{1}, "no word from its agent for 10 s", true, 1);
  conductor.expired(2);
  conductor.set_over(3);
  const SmokeReport report = judge_smoke(conductor.settings(), conductor.record());
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason, "rank 1 (algo-2): no word from its agent for 10 s");
  EXPECT_THAT(names(report), ElementsAre("rank 1"));
}

CheckLoss ended_by_mpirun(double seconds) {
  return {.how = "the check program was killed by signal 9 (SIGKILL)", .seconds = seconds, .by_others = true};
}
CheckLoss gone_with_its_host(double heard, bool is_silent) {
  return {.how = "no word from its agent", .seconds = heard, .alone = true, .is_silent = is_silent};
}

// mpirun ends the programs of all others when it misses a host, long before we do.
TEST(SmokeConductor, TheHostThatIsGoneIsAccusedAndNotWhomMpirunEnded) {
  for (const bool is_silent : {false, true}) {
    SmokeConductor conductor(small_settings(3, 2));
    conductor.begin();
    conductor.agents_there(0);
    for (const int rank : {0, 1, 4}) conductor.lost(Rank{rank}, ended_by_mpirun(1.2), 1.2);
    const auto actions = conductor.lost(Rank{5}, ended_by_mpirun(1.2), 1.2);
    const auto timer = std::find_if(actions.begin(), actions.end(), [](const SmokeAction& each) {
      return std::holds_alternative<SetSmokeTimer>(each);
    });
    ASSERT_NE(timer, actions.end());
    EXPECT_GT(std::get<SetSmokeTimer>(*timer).seconds, conductor.settings().lost_after_seconds);
    conductor.engine_failed("mpirun exited with code 1");
    conductor.lost(Rank{2}, gone_with_its_host(1.0, is_silent), 3);
    conductor.lost(Rank{3}, gone_with_its_host(1.02, is_silent), 3);
    conductor.set_over(4);
    const SmokeReport report = judge_smoke(conductor.settings(), conductor.record());
    EXPECT_EQ(report.verdict, SmokeVerdict::fail);
    EXPECT_THAT(names(report), ElementsAre("host algo-2"));
  }
}

TEST(SmokeConductor, WhereMpirunItselfWasEndedNobodyIsAccused) {
  SmokeConductor conductor(small_settings(2, 1));
  conductor.begin();
  conductor.agents_there(0);
  conductor.lost(Rank{0}, ended_by_mpirun(1.2), 1.2);
  conductor.engine_failed("mpirun was killed by signal 9 (SIGKILL)");
  conductor.lost(Rank{1}, ended_by_mpirun(1.3), 1.3);
  conductor.set_over(2);
  const SmokeReport report = judge_smoke(conductor.settings(), conductor.record());
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason, "mpirun was killed by signal 9 (SIGKILL)");
  EXPECT_THAT(names(report), ElementsAre());
  EXPECT_FALSE(conductor.record().searched);
}

TEST(SmokeConductor, ALeaderThatNobodyAnswersAccusesNobody) {
  SmokeSettings settings = small_settings(3, 1);
  settings.leader_host = "algo-1";
  SmokeConductor conductor(settings);
  conductor.begin();
  conductor.agents_there(0);
  conductor.lost(Rank{1}, gone_with_its_host(1.0, true), 11);
  conductor.lost(Rank{2}, gone_with_its_host(1.0, true), 11);
  conductor.expired(12);
  conductor.set_over(13);
  const SmokeReport report = judge_smoke(conductor.settings(), conductor.record());
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason, "no other host answers algo-1, which leads the test; its own network may be cut");
  EXPECT_THAT(names(report), ElementsAre());
}

TEST(SmokeConductor, WhoIsGoneIsAccusedAndNotWhoMissesIt) {
  SmokeConductor conductor(small_settings(3, 1));
  conductor.begin();
  conductor.agents_there(0);
  for (const int rank : {0, 1, 2})
    for (const SmokeStage stage : {SmokeStage::spawned, SmokeStage::library_loaded, SmokeStage::device_ready,
                                   SmokeStage::id_received, SmokeStage::communicator_called})
      conductor.message(Rank{rank}, StageReached{0, stage, 0}, 1);
  CheckFailed misses_a_peer{0, SmokeStage::communicator_ready, "ncclRemoteError"};
  misses_a_peer.blames_peer = true;
  conductor.message(Rank{0}, misses_a_peer, 2);
  conductor.lost(Rank{1}, gone_with_its_host(1.5, false), 3);
  conductor.message(Rank{2}, misses_a_peer, 3.1);
  conductor.set_over(4);
  const SmokeReport report = judge_smoke(conductor.settings(), conductor.record());
  EXPECT_EQ(report.reason, "rank 1 (algo-2): no word from its agent");
  EXPECT_THAT(names(report), ElementsAre("rank 1"));
}

TEST(SmokeConductor, ASetThatCannotBeStartedAccusesNobody) {
  SmokeConductor conductor(small_settings(2, 1));
  conductor.begin();
  conductor.set_failed("mpirun exited with code 1: no such host", 1);
  conductor.set_over(2);
  const SmokeReport report = judge_smoke(conductor.settings(), conductor.record());
  EXPECT_EQ(report.verdict, SmokeVerdict::not_run);
  EXPECT_EQ(report.reason, "mpirun exited with code 1: no such host");
}

TEST(SmokeReport, OfATestThatCameToNoResultNamesTheReasonAndAccusesNobody) {
  SmokeSettings settings = small_settings(2, 3);
  settings.require_gpu = true;
  const SmokeReport report = report_not_run(settings, "algo-2 is not ready");
  EXPECT_EQ(report.verdict, SmokeVerdict::not_run);
  EXPECT_EQ(report.reason, "algo-2 is not ready");
  EXPECT_EQ(report.ranks, 6);
  EXPECT_EQ(report.hosts.size(), 2U);
  EXPECT_THAT(names(report), ElementsAre());
  EXPECT_EQ(report.good_hosts(), (std::vector<std::string>{"algo-1", "algo-2"}));
}

TEST(SmokeConductor, AGpuThatShouldBeThereIsAFailure) {
  PretendedSet set(small_settings(3, 1));
  set.gpus = [](int node) {
    HostGpus gpus;
    gpus.usable = node == 1 ? 0 : 8;
    return gpus;
  };
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason, "algo-2: no GPU is found on it, but 2 other hosts have some");
  EXPECT_THAT(names(report), ElementsAre("host algo-2"));
}

TEST(SmokeConductor, ATestWithoutTheRequiredGpuFailsAndSearchesNothing) {
  SmokeSettings settings = small_settings(2, 1);
  settings.require_gpu = true;
  PretendedSet set(settings);
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::fail);
  EXPECT_EQ(report.reason, "--require-gpu, and no GPU was tested (mpi-cpu; NCCL NOT RUN)");
  EXPECT_EQ(set.rounds, 0);
}

TEST(SmokeConductor, AMatrixTestsEveryPair) {
  SmokeSettings settings = small_settings(5, 2);
  settings.all_pairs = true;
  PretendedSet set(settings);
  const SmokeReport report = set.run();
  EXPECT_EQ(report.verdict, SmokeVerdict::pass);
  EXPECT_EQ(report.pairs.size(), 10U);
}

}  // namespace
}  // namespace smlaunch
