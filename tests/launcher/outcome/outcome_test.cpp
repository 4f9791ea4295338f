// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/decide_outcome.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <optional>
#include <tuple>
#include <utility>

namespace smlaunch {
namespace {

using Hosts = std::vector<std::string>;
const RankHosts four_hosts = {"algo-1", "algo-1", "algo-2", "algo-2"};

RankRecord ended(const ExitStatus& status, double seconds, bool told_to_stop = false,
                 double uncertainty = 0) {
  RankRecord rank;
  rank.joined = true;
  rank.pid = 1;
  rank.end = RankEnd{.status = status, .told_to_stop = told_to_stop};
  rank.times = {.seconds = seconds, .uncertainty = uncertainty};
  return rank;
}
RankRecord fine(double seconds = 9) { return ended(Exited{0}, seconds); }
RankRecord stopped(double seconds) { return ended(Signaled{SIGTERM, false}, seconds, true); }
const Silence silence{10, "connection closed"};
RankRecord lost(const RankLoss& loss, double seconds) {
  RankRecord rank;
  rank.joined = true;
  rank.loss = loss;
  rank.times.seconds = seconds;
  return rank;
}
RankRecord not_started(const std::string& why) {
  RankRecord rank;
  rank.joined = true;
  rank.not_started = why;
  return rank;
}
JobRecord job(std::vector<RankRecord> ranks) {
  JobRecord record;
  record.ranks = Indexed<Rank, RankRecord>(std::move(ranks));
  record.started = true;
  return record;
}
std::vector<int> values(const std::vector<Rank>& ranks) {
  std::vector<int> made;
  for (const Rank rank : ranks) made.push_back(rank.value);
  return made;
}
using Causes = Indexed<Rank, Cause>;

TEST(Outcome, IsSuccessWhenEveryRankSucceeded) {
  const Outcome outcome = decide_outcome(job({fine(), fine(), fine(), fine()}), four_hosts);
  EXPECT_EQ(outcome.kind, OutcomeKind::success);
  EXPECT_EQ(outcome.failure_class, FailureClass::none);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(outcome.message, "");
  EXPECT_FALSE(outcome.first_failure);
  EXPECT_EQ(outcome.causes, Causes(4, Cause::own));
}

TEST(Outcome, FirstFailureIsTheEarliestNotTheLowestRank) {
  const Outcome outcome = decide_outcome(job({ended(Exited{7}, 5.0), ended(Exited{8}, 4.0),
                                              ended(Signaled{SIGKILL, false}, 3.04), stopped(3.1)}),
                                         four_hosts);
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.exit_code, 137);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->host, "algo-2");
  EXPECT_EQ(outcome.first_failure->seconds, 3.04);
  EXPECT_TRUE(outcome.first_failure->certain);
  EXPECT_EQ(outcome.message,
            "rank 2 on algo-2 was killed by signal 9 (SIGKILL) 3.0 s after the start, before any other");
  EXPECT_EQ(outcome.causes, (Causes{Cause::own, Cause::own, Cause::own, Cause::stopped_by_us}));
}

TEST(Outcome, SingleRankIsNotComparedWithOthers) {
  const Outcome outcome = decide_outcome(job({ended(Exited{3}, 1.25)}), {"algo-1"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.message, "rank 0 on algo-1 exited with code 3 1.2 s after the start");
}

TEST(Outcome, NamesTheRanksThatMayHaveBeenFirst) {
  const Outcome outcome = decide_outcome(
      job({ended(Exited{1}, 2.0), ended(Exited{2}, 2.015), fine(), ended(Exited{3}, 2.5)}), four_hosts);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{0});
  EXPECT_FALSE(outcome.first_failure->certain);
  EXPECT_EQ(values(outcome.first_failure->tied_with), (std::vector<int>{1}));
  EXPECT_EQ(outcome.message,
            "rank 0 on algo-1 exited with code 1 2.0 s after the start; rank 1 failed within the clock's "
            "error of it, "
            "and may have been first");
  EXPECT_EQ(outcome.causes, (Causes(4, Cause::own)));
}

const std::vector<std::string> peer_lost = {
    "RuntimeError: [./gloo/transport/tcp/pair.cc:589] Read error [10.0.0.2]:1: Connection reset by peer"};
const std::vector<std::string> own_reason = {
    "Traceback (most recent call last):", "  File \"a.py\", line 1, in <module>", "ValueError: bad batch"};
RankRecord saying(RankRecord rank, std::vector<std::string> lines,
                  std::optional<double> traceback_seconds = {}) {
  rank.end->last_lines = std::move(lines);
  rank.times.traceback_seconds = traceback_seconds;
  return rank;
}

TEST(Outcome, ARankThatOnlyLostItsPeerIsCollateral) {
  const Outcome outcome = decide_outcome(job({ended(Exited{3}, 2.0), saying(ended(Exited{1}, 2.4), peer_lost),
                                              ended(Signaled{SIGABRT, false}, 2.5), ended(Exited{4}, 2.6)}),
                                         four_hosts);
  EXPECT_EQ(outcome.first_failure->rank, Rank{0});
  EXPECT_EQ(outcome.causes, (Causes{Cause::own, Cause::collateral, Cause::collateral, Cause::own}));
}

TEST(Outcome, AmongRanksThatTheClocksCannotTellApartTheOneWithItsOwnReasonIsNamed) {
  const Outcome outcome = decide_outcome(job({saying(ended(Exited{1}, 2.0), peer_lost), fine(),
                                              saying(ended(Exited{5}, 2.01), own_reason), fine()}),
                                         four_hosts);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_FALSE(outcome.first_failure->certain);
  EXPECT_EQ(values(outcome.first_failure->tied_with), std::vector<int>{0});
}

TEST(Outcome, ARankThatTakesLongToDieOfItsExceptionCameFirst) {
  RankRecord slow = saying(stopped(3.5), own_reason, 2.0);
  const Outcome outcome = decide_outcome(job({saying(ended(Exited{1}, 2.4), peer_lost, 2.3),
                                              saying(ended(Exited{1}, 2.5), peer_lost, 2.3), slow, fine()}),
                                         four_hosts);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->seconds, 2.0);
  EXPECT_FALSE(outcome.first_failure->certain);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.message,
            "rank 2 on algo-2 failed 2.0 s after the start: ValueError: bad batch; rank 0 ended before it, "
            "but only "
            "because a peer was gone");
  EXPECT_EQ(outcome.causes, (Causes{Cause::collateral, Cause::collateral, Cause::own, Cause::own}));
}

TEST(Outcome, ATracebackThatWasSurvivedIsNoReason) {
  // Long before the end, or of a rank that ended well, or after the first was over.
  for (const RankRecord& other :
       {saying(stopped(200), own_reason, 100.0), saying(fine(200), own_reason, 199.0),
        saying(stopped(203), own_reason, 202.0)}) {
    const Outcome outcome = decide_outcome(
        job({saying(ended(Exited{1}, 200), peer_lost, 199.9), other, fine(300), fine(300)}), four_hosts);
    EXPECT_EQ(outcome.first_failure->rank, Rank{0});
  }
}

TEST(Outcome, NamesTheRankThatLeftWhereAnotherFailsBecauseOfIt) {
  const RankRecord victim = saying(ended(Exited{1}, 2.4), peer_lost);
  Outcome outcome = decide_outcome(job({victim, fine(1.0), stopped(2.5), stopped(2.5)}), four_hosts);
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.exit_code, 1);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.first_failure->status(), ExitStatus(Exited{0}));
  EXPECT_TRUE(outcome.first_failure->certain);
  EXPECT_EQ(
      outcome.message,
      "rank 1 on algo-1 ended with code 0 1.0 s after the start, while others still ran; then rank 0 on "
      "algo-1 exited with code 1 2.4 s after the start, the first to fail: " +
          peer_lost.front());
  EXPECT_EQ(outcome.causes,
            (Causes{Cause::collateral, Cause::own, Cause::stopped_by_us, Cause::stopped_by_us}));

  outcome = decide_outcome(job({victim, fine(1.5), fine(1.0), stopped(2.5)}), four_hosts);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_NE(outcome.message.find("still ran (as did rank 1 after it); then"), std::string::npos)
      << outcome.message;
}

TEST(Outcome, ARankThatLeftIsNamedOnlyWhereTheFailureIsThatOfALostPeer) {
  Outcome outcome = decide_outcome(job({saying(ended(Exited{1}, 2.4), own_reason), fine(1.0)}), {"a", "b"});
  EXPECT_EQ(outcome.first_failure->rank, Rank{0});
  EXPECT_EQ(outcome.message,
            "rank 0 on a exited with code 1 2.4 s after the start, the first to fail: ValueError: bad batch");
  outcome = decide_outcome(job({saying(ended(Exited{1}, 2.4), peer_lost), fine(3.0)}), {"a", "b"});
  EXPECT_EQ(outcome.first_failure->rank, Rank{0}) << "it left afterwards";
  EXPECT_NE(outcome.message.find(", before any other: "), std::string::npos) << outcome.message;
  outcome = decide_outcome(
      job({saying(ended(Exited{1}, 2.4), peer_lost), fine(1.0), saying(ended(Exited{5}, 2.41), own_reason)}),
      {"a", "b", "c"});
  EXPECT_EQ(outcome.first_failure->rank, Rank{2}) << "one with a reason of its own comes before it";
}

TEST(Outcome, TellsTheStepOfItsSlowestRankAndOfTheFailingOne) {
  JobRecord record = job({fine(), fine(), ended(Exited{1}, 1.0), fine()});
  const auto told = [&](int rank, double step) { record.ranks[Rank{rank}].progress = {{"step", step}}; };
  record.progress = JobProgress{.rank = Rank{0}};
  const RankHosts hosts = {"a", "a", "a", "a"};
  const auto steps = [&] {
    const auto progress = decide_outcome(record, hosts).progress;
    return std::pair(progress->step, progress->failed_step);
  };
  EXPECT_EQ(steps(), std::pair(std::optional<double>(), std::optional<double>()));
  told(0, 9);
  told(1, 7);
  EXPECT_EQ(steps(), std::pair(std::optional(7.0), std::optional(7.0)));
  told(2, 8);
  EXPECT_EQ(steps(), std::pair(std::optional(7.0), std::optional(8.0)));
  for (const double none : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    told(2, none);
    EXPECT_EQ(steps(), std::pair(std::optional(7.0), std::optional(7.0))) << none;
  }
}

TEST(Outcome, OfAJobThatHangs) {
  JobRecord record = job({stopped(70), stopped(70), stopped(70), stopped(70)});
  record.hang = JobSilence{.seconds = 60.4};
  for (int i = 0; i < 4; ++i) {
    RankState state;
    state.processes = {{.pid = 1,
                        .name = "python3",
                        .state = 'S',
                        .threads = 1,
                        .wait_channel = "",
                        .kernel_stack = {},
                        .python_stack = {i == 2 ? "train.py:12 in load" : "dist.py:9 in all_reduce"}}};
    record.ranks[Rank{i}].state = state;
  }
  const Outcome outcome = decide_outcome(record, four_hosts);
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.message,
            "the job hangs: no rank has printed anything for 60 s; rank 2 on algo-2 is elsewhere than the 3 "
            "others: "
            "train.py:12 in load; they: dist.py:9 in all_reduce");
  EXPECT_EQ(outcome.hang.size(), 4U);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->host, "algo-2");
  EXPECT_TRUE(outcome.first_failure->certain);
  EXPECT_EQ(outcome.first_failure->status(), std::nullopt);
  record.stop_signal = SIGTERM;
  EXPECT_EQ(decide_outcome(record, four_hosts).kind, OutcomeKind::stopped);
}

TEST(Outcome, OfAJobThatHangsNamesTheRankForWhichOthersWait) {
  JobRecord record = job({stopped(70), stopped(70), stopped(70), stopped(70)});
  record.hang = JobSilence{.seconds = 60.4};
  for (int i = 0; i < 4; ++i) {
    RankState state;
    state.processes.emplace_back();
    state.processes.front().told = fmt::format(
        R"({{"rank":{},"counts_from_one":true,"threads":[{{"is_main":true,"frames":[["{}","/c/data.py",88]],"call":{}}}],
            "groups":[{{"name":"0","is_default":true,"ranks":[[0,3]],"sequence":{}}}]}})",
        i, i == 2 ? "load_batch" : "step", i == 2 ? "null" : R"({"op":"all_reduce","group":"0"})",
        i == 2 ? 1203 : 1204);
    record.ranks[Rank{i}].state = state;
  }
  const Outcome outcome = decide_outcome(record, four_hosts);
  EXPECT_EQ(outcome.message,
            "the job hangs: no rank has printed anything for 60 s; rank 2 (algo-2) has not come to "
            "all_reduce 1204 of "
            "the default group, in which 3 ranks wait; it is in load_batch (data.py:88)");
  EXPECT_EQ(outcome.hang_seconds, 60.4);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_TRUE(outcome.first_failure->certain);
}

TEST(Outcome, OfAJobThatHangsNamesTheRankThatHadEnded) {
  JobRecord record = job({stopped(70), fine(2.0)});
  record.hang = JobSilence{.seconds = 60.4};
  RankState state;
  state.processes.emplace_back();
  state.processes.front().python_stack = {"dist.py:9 in all_reduce"};
  record.ranks[Rank{0}].state = state;
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.message,
            "the job hangs: no rank has printed anything for 60 s; rank 1 on b had exited with code 0 2.0 s "
            "after the "
            "start; of those that run, rank 0: dist.py:9 in all_reduce");
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.first_failure->status(), ExitStatus(Exited{0}));
  EXPECT_EQ(outcome.first_failure->seconds, 2.0);
}

TEST(Outcome, OfAJobThatHangsAtOnePlaceIsCertainOfNobody) {
  JobRecord record = job({stopped(70), stopped(70)});
  record.hang = JobSilence{.seconds = 60};
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_FALSE(outcome.first_failure->certain);
  EXPECT_EQ(values(outcome.first_failure->tied_with), std::vector<int>{1});
}

// mpirun, or its daemon, was killed: it ends the agents, and says of its daemon where that was.
TEST(Outcome, ARankThatMpirunHasEndedIsNoCulprit) {
  RankRecord ended_by_mpirun = ended(Exited{0}, 1.6, true);
  ended_by_mpirun.loss = EndedByOthers{};
  JobRecord record = job({ended_by_mpirun, ended_by_mpirun});
  record.engine_failure = EngineProcessEnded{Signaled{SIGKILL, false}};
  record.engine_seconds = 1.7;
  Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.message, "mpirun was killed by signal 9 (SIGKILL) before the job was over");
  record.engine_failure = EngineProcessEnded{Exited{1}};
  record.engine_lines = {"ORTE has lost communication with a remote daemon.", "",
                         "  HNP daemon   : [[1,0],0] on node a", "  Remote daemon: [[1,0],1] on node b", ""};
  outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.message, "mpirun's daemon on b (orted, prted) was lost, and mpirun ended the job");
  EXPECT_EQ(outcome.hosts_at_fault, Hosts{"b"});
  // The host that fell silent is the cause of both.
  record.ranks[Rank{1}] = lost(silence, 1.2);
  outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.hosts_at_fault, Hosts{"b"});
  EXPECT_NE(outcome.message.find("rank 1 on b was lost"), std::string::npos) << outcome.message;
}

TEST(Outcome, OfALeaderThatNobodyAnswersBlamesNoOtherHost) {
  JobRecord record = job({stopped(9), lost(silence, 2.0), lost(silence, 2.1)});
  record.leader_host = "a";
  record.worker_loss = WorkerLoss{"b", silence};
  Outcome outcome = decide_outcome(record, {"a", "b", "c"});
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.message,
            "no other host answers a, which leads the job: all 2 fell silent; its own network may be cut");
  EXPECT_EQ(outcome.hosts_at_fault, Hosts{});
  record.ranks[Rank{2}] = stopped(9);
  EXPECT_EQ(decide_outcome(record, {"a", "b", "c"}).hosts_at_fault, Hosts{"b"}) << "c answers";
  record.ranks[Rank{2}] = lost(Silence{2, "connection closed", true}, 2.1);
  EXPECT_NE(decide_outcome(record, {"a", "b", "c"}).hosts_at_fault, Hosts{}) << "c has closed its connection";
  record.ranks = {stopped(9), lost(silence, 2.0)};
  EXPECT_EQ(decide_outcome(record, {"a", "b"}).hosts_at_fault, Hosts{"b"}) << "one host proves nothing";
}

TEST(Outcome, OfALostWorkerHasTheLowestRankOfItsHost) {
  JobRecord record = job({fine(), fine(), stopped(3), stopped(3)});
  record.worker_loss = WorkerLoss{"algo-2", silence};
  const Outcome outcome = decide_outcome(record, four_hosts);
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->host, "algo-2");
  EXPECT_EQ(outcome.first_failure->status(), std::nullopt);
}

TEST(Outcome, NamesTheHostsAtFault) {
  EXPECT_EQ(
      decide_outcome(job({fine(), fine(), lost(silence, 3), lost(silence, 3)}), four_hosts).hosts_at_fault,
      Hosts{"algo-2"});
  JobRecord record = job({fine(), fine(), stopped(3), stopped(3)});
  record.worker_loss = WorkerLoss{"algo-2", silence};
  EXPECT_EQ(decide_outcome(record, four_hosts).hosts_at_fault, Hosts{"algo-2"});
  EXPECT_EQ(decide_outcome(job({fine(), fine(), fine(), ended(Exited{1}, 2)}), four_hosts).hosts_at_fault,
            Hosts{});
}

TEST(Outcome, TiesReachAsFarAsTheClocksOfBothHostsErr) {
  const auto tied = [](double uncertainty_of_first, double uncertainty_of_second) {
    const Outcome outcome = decide_outcome(job({ended(Exited{1}, 2.0, false, uncertainty_of_first), fine(),
                                                fine(), ended(Exited{1}, 2.1, false, uncertainty_of_second)}),
                                           four_hosts);
    return values(outcome.first_failure->tied_with);
  };
  EXPECT_EQ(tied(0, 0), std::vector<int>());
  EXPECT_EQ(tied(0.1, 0), std::vector<int>{3});
  EXPECT_EQ(tied(0, 0.1), std::vector<int>{3});
  EXPECT_EQ(tied(0.05, 0.05), std::vector<int>{3});
  EXPECT_EQ(tied(0.03, 0.03), std::vector<int>());
}

TEST(Outcome, ManyTiedRanksAreNotAllListed) {
  std::vector<RankRecord> ranks;
  for (int i = 0; i < 12; ++i) ranks.push_back(ended(Exited{1}, 1.0 + 0.0001 * i));
  const Outcome outcome = decide_outcome(job(ranks), RankHosts(12, "algo-1"));
  EXPECT_EQ(outcome.first_failure->tied_with.size(), 11U);
  EXPECT_NE(outcome.message.find("ranks 1, 2, 3, 4, 5, 6, 7, 8 and 3 more failed within"), std::string::npos)
      << outcome.message;
}

TEST(Outcome, RankThatWeHaveStoppedHasNotFailed) {
  const Outcome outcome = decide_outcome(job({stopped(0.5), ended(Exited{3}, 1.0)}), {"a", "b"});
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.exit_code, 3);
}

TEST(Outcome, SaysThePythonException) {
  RankRecord rank = ended(Exited{1}, 1.0);
  rank.end->last_lines = {"Traceback (most recent call last):", "  File \"t.py\", line 1", "ValueError: no"};
  const Outcome outcome = decide_outcome(job({rank}), {"algo-1"});
  EXPECT_EQ(outcome.message, "rank 0 on algo-1 exited with code 1 1.0 s after the start: ValueError: no");
}

TEST(Outcome, SaysTheLastWordsOfARankThatWasNotEndedFromOutside) {
  const auto message = [](const ExitStatus& status, const std::string& words) {
    RankRecord rank = ended(status, 1.0);
    rank.end->last_lines = {words};
    return decide_outcome(job({rank}), {"algo-1"}).message;
  };
  const std::string when = " 1.0 s after the start";
  EXPECT_EQ(message(Exited{1}, "no lr"),
            "rank 0 on algo-1 exited with code 1" + when + "; its last words: no lr");
  EXPECT_EQ(message(Exited{1}, "ERROR: no lr"),
            "rank 0 on algo-1 exited with code 1" + when + ": ERROR: no lr");
  EXPECT_EQ(message(Signaled{SIGSEGV, false}, "epoch 3"),
            "rank 0 on algo-1 was killed by signal 11 (SIGSEGV)" + when + "; its last words: epoch 3");
  EXPECT_EQ(message(Signaled{SIGKILL, false}, "epoch 3"),
            "rank 0 on algo-1 was killed by signal 9 (SIGKILL)" + when);
}

TEST(Outcome, SaysWhyMpirunFailed) {
  JobRecord record = job({RankRecord{}, RankRecord{}});
  record.started = false;
  record.engine_failure = EngineProcessEnded{Exited{1}};
  record.engine_lines = {"mpirun: Error: unknown option \"--no\"", "Type 'mpirun --help' for usage."};
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.message,
            "the job could not be started: mpirun exited with code 1 before the job was over: mpirun: Error: "
            "unknown option \"--no\"; never heard of: ranks 0, 1 (first on a)");
  EXPECT_EQ(outcome.engine_lines, record.engine_lines);
  record.started = true;
  record.ranks = {stopped(1), stopped(1)};
  EXPECT_EQ(decide_outcome(record, {"a", "b"}).message,
            "mpirun exited with code 1 before the job was over: mpirun: Error: unknown option \"--no\"");
}

TEST(Outcome, OfAStoppedJobIsStoppedHoweverItsRanksEnded) {
  for (const auto& [rank, message] :
       {std::pair{stopped(1), "stopped by SIGTERM"},
        std::pair{ended(Exited{5}, 1, true), "stopped by SIGTERM"},
        std::pair{lost(silence, 1), "stopped by SIGTERM"},
        std::pair{fine(), "stopped by SIGTERM; every rank ended with code 0"}}) {
    JobRecord record = job({rank});
    record.stop_signal = SIGTERM;
    const Outcome outcome = decide_outcome(record, {"algo-1"});
    EXPECT_EQ(outcome.kind, OutcomeKind::stopped);
    EXPECT_EQ(outcome.failure_class, FailureClass::none);
    EXPECT_EQ(outcome.exit_code, 143);
    EXPECT_EQ(outcome.message, message);
  }
  JobRecord record = job({stopped(1)});
  record.stop_signal = SIGINT;
  EXPECT_EQ(decide_outcome(record, {"algo-1"}).exit_code, 130);
}

TEST(Outcome, RankThatAlsoGotTheSignalThatStopsUsHasNotFailed) {
  JobRecord record = job({ended(Signaled{SIGTERM, false}, 1.0), stopped(2.0)});
  record.stop_signal = SIGTERM;
  EXPECT_EQ(decide_outcome(record, {"a", "b"}).message, "stopped by SIGTERM");
  record.stop_signal = SIGINT;
  EXPECT_EQ(decide_outcome(record, {"a", "b"}).kind, OutcomeKind::failure);
}

TEST(Outcome, FailureBeforeTheStopIsAFailure) {
  JobRecord record = job({ended(Exited{3}, 1.0), stopped(2.0)});
  record.stop_signal = SIGTERM;
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.exit_code, 3);
}

TEST(Outcome, StoppedBeforeTheStart) {
  JobRecord record = job({RankRecord{}});
  record.started = false;
  record.stop_signal = SIGINT;
  const Outcome outcome = decide_outcome(record, {"algo-1"});
  EXPECT_EQ(outcome.kind, OutcomeKind::stopped);
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_EQ(outcome.message, "stopped by SIGINT before the ranks had started");
  EXPECT_EQ(outcome.causes[Rank{0}], Cause::stopped_by_us);
}

TEST(Outcome, OfALostRankIsNeverTheUsersFault) {
  const Outcome outcome =
      decide_outcome(job({stopped(3), stopped(3), lost(silence, 2.0), stopped(3)}), four_hosts);
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(
      outcome.message,
      "rank 2 on algo-2 was lost 2.0 s after the start: no word from its agent for 10 s (connection closed)");
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->status(), std::nullopt);
}

// Ranks whose peer's host vanishes fail of it, and are heard of before the silence is long enough.
TEST(Outcome, LossIsTheCauseOfTheFailuresAfterIt) {
  const Outcome outcome =
      decide_outcome(job({ended(Exited{1}, 2.5), stopped(3), lost(silence, 2.0), stopped(3)}), four_hosts);
  EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.causes[Rank{0}], Cause::collateral);
}

TEST(Outcome, FailureLongBeforeALossIsTheUsersCode) {
  const Outcome outcome =
      decide_outcome(job({ended(Exited{1}, 2.5), stopped(3), lost(silence, 30.0), stopped(3)}), four_hosts);
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.exit_code, 1);
}

// Stuck in the kernel, or cut off after the others had been told to stop.
TEST(Outcome, ARankThatOutlivesOurKillDoesNotHideTheFirstFailure) {
  const RankRecord stuck = lost(OutlivedKill{}, 0);
  const Outcome outcome = decide_outcome(job({stopped(3), ended(Exited{3}, 2.0), stuck}), {"a", "b", "c"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.causes[Rank{1}], Cause::own);
}

// mpirun notices a host that is gone before we do, and ends the job.
TEST(Outcome, TheSilentHostIsNamedAndNotTheHostsWhoseRanksEngineProcessEnded) {
  RankRecord ended_by_mpirun = ended(Exited{0}, 1.6, true);
  ended_by_mpirun.loss = EndedByOthers{};
  const RankRecord gone = lost(OutlivedKill{}, 0);
  const Outcome outcome = decide_outcome(job({ended_by_mpirun, ended_by_mpirun, gone}), {"a", "b", "c"});
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.message, "rank 2 on c was lost: its agent did not report its end after SIGKILL");
  EXPECT_EQ(outcome.hosts_at_fault, std::vector<std::string>{"c"});
}

TEST(Outcome, AHostThatWasHeardAfterAFailureIsItsCauseOnlyWhereTheRankBlamesAPeer) {
  const RankRecord gone = lost(silence, 2.8);
  EXPECT_EQ(decide_outcome(job({ended(Exited{3}, 2.0), gone}), {"a", "b"}).exit_code, 3);
  EXPECT_EQ(decide_outcome(job({ended(Signaled{SIGABRT, false}, 2.0), gone}), {"a", "b"}).exit_code, 76);
}

TEST(Outcome, AHostThatIsLostBeforeTheStartIsNamed) {
  JobRecord record = job({RankRecord{}, RankRecord{}});
  record.started = false;
  record.worker_loss = WorkerLoss{"b", HostUnreachable{"no SSH banner"}};
  record.engine_failure = EngineProcessEnded{Exited{255}};
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.message, "the job could not be started: b was lost: no SSH banner");
  EXPECT_EQ(outcome.hosts_at_fault, std::vector<std::string>{"b"});

  JobRecord of_agent = job({RankRecord{}, lost(silence, 1)});
  of_agent.started = false;
  const Outcome lost_agent = decide_outcome(of_agent, {"a", "b"});
  EXPECT_EQ(lost_agent.exit_code, 76);
  EXPECT_EQ(
      lost_agent.message,
      "the job could not be started: rank 1 on b was lost 1.0 s after the start: no word from its agent "
      "for 10 s (connection closed)");
  const Outcome lost_while_waiting = lost_before_start({"b", silence});
  EXPECT_EQ(
      lost_while_waiting.message,
      "the job could not be started: b was lost: no word from its smlaunch for 10 s (connection closed)");
  EXPECT_EQ(lost_while_waiting.exit_code, 76);
  EXPECT_EQ(lost_while_waiting.hosts_at_fault, Hosts{"b"});
}

TEST(Outcome, OfAnEngineThatDied) {
  JobRecord record = job({stopped(1), stopped(1)});
  record.engine_failure = EngineProcessEnded{Signaled{SIGKILL}};
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.message, "mpirun was killed by signal 9 (SIGKILL) before the job was over");
}

TEST(Outcome, IsNoSuccessWhenSomebodyElseStoppedARankThatThenEndedWell) {
  RankRecord rank = ended(Exited{0}, 1.0, true);
  rank.loss = EndedByOthers{};
  const Outcome outcome = decide_outcome(job({rank, fine()}), {"a", "b"});
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.failure_class, FailureClass::lost_host);
  EXPECT_EQ(outcome.exit_code, 76);
  EXPECT_EQ(outcome.message,
            "rank 0 on a was lost 1.0 s after the start: its agent was told to end, not by us");
}

TEST(Outcome, RankThatCouldNotBeStarted) {
  const Outcome outcome =
      decide_outcome(job({fine(), not_started("./x: No such file or directory")}), {"a", "b"});
  EXPECT_EQ(outcome.failure_class, FailureClass::start);
  EXPECT_EQ(outcome.exit_code, 71);
  EXPECT_EQ(outcome.message, "rank 1 on b could not be started: ./x: No such file or directory");
  EXPECT_EQ(outcome.first_failure->last_lines(),
            (std::vector<std::string>{"./x: No such file or directory"}));
}

TEST(Outcome, JobThatDidNotStartSaysWhoIsMissing) {
  JobRecord record = job(std::vector<RankRecord>(4));
  for (const int i : {0, 3}) record.ranks[Rank{i}].joined = true;
  record.started = false;
  record.start_timed_out = true;
  Outcome outcome = decide_outcome(record, four_hosts);
  EXPECT_EQ(outcome.kind, OutcomeKind::failure);
  EXPECT_EQ(outcome.failure_class, FailureClass::start);
  EXPECT_EQ(outcome.exit_code, 71);
  EXPECT_EQ(outcome.message,
            "the job could not be started: not every rank's agent came in time; never heard of: ranks 1, 2 "
            "(first on "
            "algo-1)");
  record.start_timed_out = false;
  record.ranks[Rank{1}].joined = true;
  record.engine_failure = EngineProcessEnded{Exited{1}};
  outcome = decide_outcome(record, four_hosts);
  EXPECT_EQ(
      outcome.message,
      "the job could not be started: mpirun exited with code 1 before the job was over; never heard of: "
      "rank 2 (first on algo-2)");
}

TEST(Outcome, JobThatDidNotStartNamesTheHostsWhoseDaemonIsMissing) {
  JobRecord record = job(std::vector<RankRecord>(4));
  record.started = false;
  record.start_timed_out = true;
  record.leader_host = "algo-1";
  record.missing_daemons = {"algo-2"};
  record.engine_lines = {"ssh: connect to host algo-2: Connection reset"};
  const std::string named =
      "; mpirun's daemon on algo-2 has not connected to mpirun on algo-1: it failed, or a firewall stands "
      "between "
      "them";
  EXPECT_EQ(decide_outcome(record, four_hosts).message,
            "the job could not be started: not every rank's agent came in time: ssh: connect to host algo-2: "
            "Connection reset" +
                named);
  record.start_timed_out = false;
  record.engine_failure = EngineProcessEnded{Exited{1}};
  record.engine_lines = {std::string(40, '-'), "ORTE was unable to reliably start one or more daemons.",
                         std::string(40, '-')};
  EXPECT_TRUE(decide_outcome(record, four_hosts).message.ends_with("start one or more daemons." + named))
      << decide_outcome(record, four_hosts).message;
  record.engine_lines = {"mpirun: Error: unknown option \"--no\""};
  EXPECT_TRUE(decide_outcome(record, four_hosts).message.ends_with("(first on algo-1)"))
      << "it has waited for nobody";
}

TEST(Outcome, CallsItOutOfMemoryOnlyOnGoodEvidence) {
  const auto message = [](const ExitStatus& status, long at_end, long earlier) {
    RankRecord rank = ended(status, 1.0);
    rank.end->oom_kills = at_end;
    rank.end->earlier_oom_kills = earlier;
    return decide_outcome(job({rank}), {"algo-1"}).message;
  };
  const std::string killed = "rank 0 on algo-1 was killed by signal 9 (SIGKILL) 1.0 s after the start";
  const std::string weaker = ": the kernel had killed a process of its container for lack of memory";
  EXPECT_EQ(message(Signaled{SIGKILL, false}, 0, 0), killed);
  EXPECT_EQ(message(Signaled{SIGKILL, false}, 1, 0), killed + ": out of memory: the kernel killed it");
  EXPECT_EQ(message(Signaled{SIGKILL, false}, 1, 2), killed + ": out of memory: the kernel killed it");
  EXPECT_EQ(message(Signaled{SIGKILL, false}, 0, 1), killed + weaker + " earlier");
  const std::string exited = "rank 0 on algo-1 exited with code 1 1.0 s after the start";
  EXPECT_EQ(message(Exited{1}, 1, 0), exited + weaker);
  EXPECT_EQ(message(Exited{1}, 0, 1), exited + weaker + " earlier");
}

// Nothing but the decision counts where the ranks are not where they belong.
TEST(Outcome, OfAJobWhoseRanksAreOnOtherHostsThanPlannedSaysOnlyThat) {
  JobRecord record = job({RankRecord{}, RankRecord{}});
  record.started = false;
  record.engine_failure =
      RankMisplaced{.engine = "mpirun", .rank = Rank{1}, .host = "c", .planned_host = "b"};
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.failure_class, FailureClass::start);
  EXPECT_EQ(outcome.exit_code, 71);
  EXPECT_EQ(outcome.message, "mpirun started rank 1 on c, the plan has it on b");
}

TEST(Outcome, OfARankThatLeftEarlyIsMpirunsWordOnlyWhereNothingElseFailed) {
  JobRecord record = job({stopped(2), fine(1)});
  record.engine_lines = {"mpirun has exited due to process rank 1 with PID 0 on",
                         "node b exiting improperly."};
  const Outcome outcome = decide_outcome(record, {"a", "b"});
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.message,
            "rank 1 on b ended 1.0 s after the start without MPI_Finalize (or never called MPI_Init), while "
            "others needed it: mpirun ended the job");
  record.ranks[Rank{0}] = ended(Exited{3}, 2);
  EXPECT_EQ(decide_outcome(record, {"a", "b"}).exit_code, 3);
  record.ranks[Rank{0}] = stopped(2);
  record.engine_lines.front() = "mpirun has exited due to process rank 7 with PID 0 on";
  EXPECT_EQ(decide_outcome(record, {"a", "b"}).exit_code, 76) << "there is no such rank";
}

TEST(Losses, AreTold) {
  EXPECT_EQ(describe(RankLoss(silence)), "no word from its agent for 10 s (connection closed)");
  EXPECT_EQ(describe(RankLoss(AgentEnded{Exited{3}})), "its agent exited with code 3");
  EXPECT_EQ(describe(RankLoss(EndedByOthers{})), "its agent was told to end, not by us");
  EXPECT_EQ(describe(RankLoss(OutlivedKill{})), "its agent did not report its end after SIGKILL");
  EXPECT_EQ(describe(RankLoss(EndUnknown{"how process 7 ended is not known"})),
            "how process 7 ended is not known");
  EXPECT_EQ(describe(HostLoss(silence)), "no word from its smlaunch for 10 s (connection closed)");
  EXPECT_EQ(describe(HostLoss(HostUnreachable{"TCP refused"})), "TCP refused");
  EXPECT_EQ(describe(EngineFailure(AllAgentsEnded{})), "every agent has ended");
  EXPECT_EQ(describe(EngineFailure(EngineProcessEnded{Exited{1}})),
            "mpirun exited with code 1 before the job was over");
  EXPECT_EQ(describe(EngineFailure(EngineProcessEnded{Signaled{SIGKILL, false}, "srun"})),
            "srun was killed by signal 9 (SIGKILL) before the job was over");
  EXPECT_EQ(describe(EngineFailure(EndUnknown{"how process 7 ended is not known"})),
            "how process 7 ended is not known");
}

TEST(Outcomes, HaveTheExitCodeOfTheirClass) {
  const std::pair<FailureClass, int> codes[] = {
      {FailureClass::user_code, 1},      {FailureClass::not_ready, 69},
      {FailureClass::smoke, 75},         {FailureClass::lost_host, 76},
      {FailureClass::hang, 76},          {FailureClass::configuration, 78},
      {FailureClass::start, 71},         {FailureClass::internal, 70},
      {FailureClass::install_module, 1}, {FailureClass::install_requirements, 1}};
  for (const auto& [failure_class, code] : codes) {
    const Outcome outcome = make_failure(failure_class, "why");
    EXPECT_EQ(outcome.kind, OutcomeKind::failure);
    EXPECT_EQ(outcome.failure_class, failure_class);
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.message, "why");
  }
  EXPECT_EQ(make_success().exit_code, 0);
  EXPECT_EQ(make_stopped(SIGINT, "").exit_code, 130);
  EXPECT_EQ(make_stopped(SIGTERM, "").kind, OutcomeKind::stopped);
}

TEST(Outcomes, OfAnErrorHaveItsCodeAndALineForEachProblem) {
  const std::tuple<Fault, FailureClass, int> cases[] = {
      {Fault::usage, FailureClass::configuration, 64},
      {Fault::configuration, FailureClass::configuration, 78},
      {Fault::start, FailureClass::start, 71},
      {Fault::internal, FailureClass::internal, 70},
      {Fault::not_ready, FailureClass::not_ready, 69}};
  for (const auto& [fault, failure_class, code] : cases) {
    const Outcome outcome = make_failure(Error{fault, {{"a", "b", "c"}, {"", "d", ""}}});
    EXPECT_EQ(outcome.failure_class, failure_class);
    EXPECT_EQ(outcome.exit_code, code);
    EXPECT_EQ(outcome.message, "a: b; c\nd");
  }
}

TEST(OutcomeWords, AreThoseOfTheReport) {
  for (const OutcomeKind kind : {OutcomeKind::success, OutcomeKind::failure, OutcomeKind::stopped})
    EXPECT_EQ(parse_outcome_kind(to_string(kind)), kind);
  EXPECT_EQ(parse_outcome_kind("unknown"), OutcomeKind::failure);

  EXPECT_EQ(to_string(OutcomeKind::success), "success");
  EXPECT_EQ(to_string(OutcomeKind::failure), "failure");
  EXPECT_EQ(to_string(OutcomeKind::stopped), "stopped");
  const std::pair<FailureClass, const char*> classes[] = {{FailureClass::none, ""},
                                                          {FailureClass::user_code, "user_code"},
                                                          {FailureClass::not_ready, "not_ready"},
                                                          {FailureClass::smoke, "smoke"},
                                                          {FailureClass::lost_host, "lost_host"},
                                                          {FailureClass::hang, "hang"},
                                                          {FailureClass::configuration, "configuration"},
                                                          {FailureClass::start, "start"},
                                                          {FailureClass::internal, "internal"}};
  for (const auto& [failure_class, word] : classes) EXPECT_EQ(to_string(failure_class), word);
  EXPECT_EQ(to_string(Cause::own), "own");
  EXPECT_EQ(to_string(Cause::stopped_by_us), "stopped_by_us");
  EXPECT_EQ(to_string(Cause::collateral), "collateral");
}

TEST(FailureClasses, HaveTheReportsNames) {
  EXPECT_EQ(to_string(FailureClass::install_module), "InstallModuleError");
  EXPECT_EQ(to_string(FailureClass::install_requirements), "InstallRequirementsError");
  for (const char* name : {"", "user_code", "not_ready", "smoke", "lost_host", "configuration", "start",
                           "internal", "InstallModuleError", "InstallRequirementsError"})
    EXPECT_EQ(to_string(parse_failure_class(name)), name);
  EXPECT_EQ(parse_failure_class("unknown"), FailureClass::internal);
}

TEST(Outcome, OfAFailedSmokeTestNamesItsHostsAndWhatWasInjected) {
  SmokeReport report;
  report.verdict = SmokeVerdict::fail;
  report.evidence = "mpi-cpu; NCCL NOT RUN";
  report.reason = "rank 1 (algo-2) is gone";
  report.hosts = {"algo-1", "algo-2"};
  report.suspects = {
      {.subject = SuspectSubject::rank, .name = "1", .evidence = "gone", .nodes = {NodeRank{1}}}};
  const Outcome failed = failed_by_smoke(report);
  EXPECT_EQ(failed.kind, OutcomeKind::failure);
  EXPECT_EQ(failed.failure_class, FailureClass::smoke);
  EXPECT_EQ(failed.exit_code, 75);
  EXPECT_EQ(failed.hosts_at_fault, std::vector<std::string>{"algo-2"});
  EXPECT_EQ(failed.message, "the smoke test failed (mpi-cpu; NCCL NOT RUN): rank 1 (algo-2) is gone");
  report.injected = "hang:rank=1";
  EXPECT_EQ(
      failed_by_smoke(report).message,
      "the smoke test failed, with hang:rank=1 injected (mpi-cpu; NCCL NOT RUN): rank 1 (algo-2) is gone");
  report.verdict = SmokeVerdict::not_run;
  report.injected = "";
  report.reason = "no mpirun";
  EXPECT_EQ(failed_by_smoke(report).message,
            "the smoke test could not be run (mpi-cpu; NCCL NOT RUN): no mpirun");
}

}  // namespace
}  // namespace smlaunch
