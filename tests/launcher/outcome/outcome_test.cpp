// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <optional>
#include <tuple>
#include <utility>

#include "launcher/outcome/decide_outcome.hpp"
#include "tests/launcher/outcome/made_up_jobs.hpp"

namespace smlaunch {
namespace {

using namespace made_up_jobs;

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
       {saying(stopped(200), own_reason, 100.0), saying(fine(300), own_reason, 199.0),
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

// A process that leaves closes its connections first, and ends after the traceback of its peer.
TEST(Outcome, ARankThatLeftWhileItsPeerWasFailingIsNamed) {
  const RankHosts two = {"a", "b"};
  const auto message = [&](const RankRecord& failed, const RankRecord& other) {
    return decide_outcome(job({failed, other}), two).message;
  };
  const RankRecord victim = saying(ended(Exited{1}, 6.4), peer_lost, 2.0);
  const std::string failed = "rank 0 on a exited with code 1 6.4 s after the start, ";
  const std::string gone = ": " + peer_lost.front();
  const auto left = [&](const std::string& seconds) {
    return "rank 1 on b ended with code 0 " + seconds + " s after the start, while others still ran; then " +
           failed + "the first to fail" + gone;
  };
  EXPECT_EQ(message(victim, fine(1.9)), left("1.9"));
  EXPECT_EQ(message(victim, fine(2.1)), left("2.1"));
  EXPECT_EQ(message(victim, fine(6.3)), left("6.3"));
  EXPECT_EQ(message(victim, fine(6.41)), left("6.4"))
      << "the agents may have noticed the ends in either order";
  EXPECT_EQ(message(victim, fine(6.5)), failed + "before any other" + gone);
  EXPECT_EQ(message(victim, ended(Exited{0}, 6.3, true)), failed + "before any other" + gone)
      << "it was told to";
  // It has seen the same, and has taken it for the end of its work.
  EXPECT_EQ(message(victim, saying(fine(3.0), peer_lost, 2.0)), failed + "the first to fail" + gone);
  // A rank that takes minutes over its end has not lost a rank that left then.
  EXPECT_EQ(message(saying(ended(Exited{1}, 200), peer_lost, 2.0), fine(190)),
            "rank 0 on a exited with code 1 200.0 s after the start, the first to fail" + gone);
}

TEST(Outcome, ARankThatLeftIsNotNamedForAFailureWithAnotherReason) {
  const RankHosts two = {"a", "b"};
  const auto named = [&](const RankRecord& failed) {
    return decide_outcome(job({failed, fine(1.0)}), two).first_failure->rank.value;
  };
  std::vector<std::string> warned = {"WARNING: trying again: Connection reset by peer"};
  warned.insert(warned.end(), own_reason.begin(), own_reason.end());
  EXPECT_EQ(named(saying(ended(Exited{1}, 2.4), warned)), 0);
  EXPECT_EQ(named(saying(ended(Signaled{SIGSEGV, false}, 2.4), {"epoch 3"})), 0);
  EXPECT_EQ(named(saying(ended(Signaled{SIGPIPE, false}, 2.4), {"ERROR: no data"})), 0);
  EXPECT_EQ(named(saying(ended(Signaled{SIGPIPE, false}, 2.4), {"epoch 3"})), 1)
      << "nobody reads what it writes";
}

TEST(Outcome, IsBeforeAnyOtherOnlyWhereNoOtherCanHaveEndedBefore) {
  const auto words = [](double other) {
    const Outcome outcome =
        decide_outcome(job({saying(ended(Exited{1}, 2.4), own_reason), fine(other)}), {"a", "b"});
    return outcome.message.substr(outcome.message.find("start") + 5);
  };
  EXPECT_EQ(words(2.39), ", the first to fail: ValueError: bad batch");
  EXPECT_EQ(words(2.41), ", the first to fail: ValueError: bad batch");
  EXPECT_EQ(words(2.43), ", before any other: ValueError: bad batch");
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
