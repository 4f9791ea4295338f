// SPDX-License-Identifier: Apache-2.0
// What a job comes to that did not start.
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

}  // namespace
}  // namespace smlaunch
