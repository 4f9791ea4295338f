// SPDX-License-Identifier: Apache-2.0
// What a job comes to whose ranks, hosts or mpirun were lost.
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

}  // namespace
}  // namespace smlaunch
