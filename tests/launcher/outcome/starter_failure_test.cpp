// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/decide_outcome.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "tests/launcher/evidence/torchrun_words.hpp"

namespace smlaunch {
namespace {

RankRecord starter(const ExitStatus& status, double seconds, std::vector<std::string> lines = {},
                   std::optional<int> failed_rank = {}) {
  RankRecord record;
  record.joined = true;
  record.end = RankEnd{.status = status, .last_lines = std::move(lines), .failed_rank = failed_rank};
  record.times.seconds = seconds;
  return record;
}

JobRecord job(std::vector<RankRecord> starters) {
  JobRecord record;
  record.ranks = Indexed<Rank, RankRecord>(std::move(starters));
  record.started = true;
  return record;
}

Outcome outcome_of(const std::vector<std::string>& lines, std::optional<int> failed_rank = {},
                   const std::string& program = "torchrun") {
  return decide_outcome(job({starter(Exited{1}, 2.0, lines, failed_rank)}), {"algo-1"}, program);
}

TEST(OutcomeOfStarters, NamesTheRankAndItsCodeAsTorchrunDoes) {
  const Outcome outcome = outcome_of(after(traceback, summary("3", "7")));
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(
      outcome.message,
      "rank 3 on algo-1 exited with code 7, says torchrun, which ended 2.0 s after the start: ValueError: x");
  EXPECT_EQ(outcome.first_failure->status(), ExitStatus(Exited{7}));
  EXPECT_EQ(outcome_of(after(traceback, summary("3", "-9"))).exit_code, 137);
}

TEST(OutcomeOfStarters, TheStepOfAFailingRankIsThatOfItsStarter) {
  JobRecord record = job({starter(Exited{1}, 2.0, after(traceback, summary("3", "7")))});
  record.ranks[Rank{0}].progress = {{"step", 5}};
  record.progress = JobProgress{.rank = Rank{3}};
  const Outcome outcome = decide_outcome(record, {"algo-1"}, "torchrun");
  EXPECT_EQ(outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(outcome.progress->failed_step, std::optional(5.0));
}

TEST(OutcomeOfStarters, NamesTheRankWhoseLinesTheyAre) {
  const std::vector<std::string> lines = {
      "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
      "Failures:",
      "  rank      : 2 (local_rank: 2)",
      "  exitcode  : 5 (pid: 13)",
      "Root Cause (first observed failure):",
      "  rank      : 0 (local_rank: 0)",
      "  exitcode  : 1 (pid: 11)"};
  const Outcome outcome = outcome_of(after(traceback, lines), 2);
  EXPECT_EQ(outcome.exit_code, 5);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(
      outcome.message,
      "rank 2 on algo-1 exited with code 5, says torchrun (it names rank 0 first, which had only lost its "
      "peer), which ended 2.0 s after the start: ValueError: x");
}

TEST(OutcomeOfStarters, SaysWhoMayHaveHadAnExceptionThatIsNobodys) {
  using Failures = std::vector<std::pair<int, const char*>>;
  const auto message = [](const Failures& failures, std::optional<int> whose = {}) {
    std::vector<std::string> lines = traceback;
    lines.emplace_back("x.ChildFailedError: ");
    for (std::size_t i = 0; i < failures.size(); ++i) {
      if (i + 1 == failures.size()) lines.emplace_back("Root Cause (first observed failure):");
      lines.push_back("  rank      : " + std::to_string(failures[i].first));
      lines.push_back(std::string("  exitcode  : ") + failures[i].second);
    }
    const Outcome outcome = outcome_of(lines, whose);
    std::string text = outcome.message.substr(outcome.message.find("after the start") + 15);
    EXPECT_EQ(outcome.first_failure->certain, outcome.first_failure->tied_with.empty());
    for (const Rank rank : outcome.first_failure->tied_with) text += " | " + std::to_string(rank.value);
    return text;
  };
  EXPECT_EQ(message({{2, "1"}}), ": ValueError: x");
  EXPECT_EQ(message({{4, "-15"}, {2, "1"}}), ": ValueError: x");
  EXPECT_EQ(message({{5, "1"}, {4, "1"}, {2, "3"}}), "; one of the ranks 2, 4, 5 had ValueError: x | 5 | 4");
  EXPECT_EQ(message({{5, "1"}, {2, "-9"}}), "; rank 5 had ValueError: x | 5");
  EXPECT_EQ(message({{2, "-9"}}), "");
  EXPECT_EQ(message({{5, "1"}, {2, "1"}}, 2), ": ValueError: x");
  EXPECT_EQ(message({{5, "1"}, {2, "-9"}}, 2), ": ValueError: x");
}

TEST(OutcomeOfStarters, NamesTheProgramWhereNoRankIsKnown) {
  const std::vector<std::string> no_summary = after(traceback, {"no summary"});
  EXPECT_EQ(outcome_of(no_summary).exit_code, 1);
  EXPECT_EQ(outcome_of(no_summary).message,
            "torchrun on algo-1 exited with code 1 2.0 s after the start: ValueError: x");
  EXPECT_EQ(outcome_of(after(traceback, summary("3", "7")), {}, "xla").message,
            "xla on algo-1 exited with code 1 2.0 s after the start: ValueError: x");
  EXPECT_EQ(outcome_of(after(traceback, summary("3", "0"))).message,
            "torchrun on algo-1 exited with code 1 2.0 s after the start: ValueError: x")
      << "a rank that ended well has not failed";
}

// Every sentence that can be about a starter, in full.
TEST(OutcomeOfStarters, IsToldInTheseWords) {
  const RankHosts hosts = {"algo-1", "algo-2"};
  const RankRecord fine = starter(Exited{0}, 9);
  const auto lines = after(traceback, summary("3", "7"));
  const std::vector<std::string> peer_lost = {"ncclRemoteError"};
  const auto with_oom_kill = [](RankRecord record) {
    record.end->oom_kills = 1;
    return record;
  };
  RankRecord lost;
  lost.joined = true;
  lost.times.seconds = 2;
  lost.loss = Silence{10, "connection closed"};
  RankRecord not_started;
  not_started.joined = true;
  not_started.not_started = "No such file or directory";
  RankRecord slow = starter(Signaled{SIGTERM}, 3.5, traceback);
  slow.end->told_to_stop = true;
  slow.times.traceback_seconds = 2.0;
  RankRecord slow_with_summary = slow;
  slow_with_summary.end->last_lines = lines;
  struct Case {
    RankRecord on_first;
    RankRecord on_second;
    const char* message;
  };
  const Case cases[] = {
      {fine, starter(Exited{1}, 2, traceback),
       "torchrun on algo-2 exited with code 1 2.0 s after the start, before any other: ValueError: x"},
      {fine, starter(Exited{1}, 2, lines),
       "rank 3 on algo-2 exited with code 7, says torchrun, which ended 2.0 s after the start, before any "
       "other: ValueError: x"},
      {starter(Exited{1}, 2.01, lines), starter(Exited{1}, 2, lines),
       "rank 3 on algo-2 exited with code 7, says torchrun, which ended 2.0 s after the start; rank 0 failed "
       "within the clock's error of it, and may have been first: ValueError: x"},
      {fine, with_oom_kill(starter(Exited{1}, 2, lines)),
       "rank 3 on algo-2 exited with code 7, says torchrun, which ended 2.0 s after the start, before any "
       "other: the kernel had killed a process of its container for lack of memory: ValueError: x"},
      {fine, with_oom_kill(starter(Signaled{SIGKILL}, 2)),
       "torchrun on algo-2 was killed by signal 9 (SIGKILL) 2.0 s after the start, before any other: out of "
       "memory: the kernel killed it"},
      {starter(Exited{1}, 2.4, peer_lost), slow,
       "torchrun on algo-2 failed 2.0 s after the start: ValueError: x; rank 0 ended before it, but only "
       "because a peer was gone"},
      {starter(Exited{1}, 2.4, peer_lost), slow_with_summary,
       "rank 3 on algo-2 exited with code 7, says torchrun, which failed 2.0 s after the start: ValueError: "
       "x; rank 0 ended before it, but only because a peer was gone"},
      {fine, not_started, "torchrun on algo-2 could not be started: No such file or directory"},
      {fine, lost,
       "torchrun on algo-2 was lost 2.0 s after the start: no word from its agent for 10 s (connection "
       "closed)"}};
  for (const Case& each : cases)
    EXPECT_EQ(decide_outcome(job({each.on_first, each.on_second}), hosts, "torchrun").message, each.message);
}

// Two hosts with two ranks each. We have stopped both starters, since rank 2 had failed and its starter stayed.
JobRecord stopped_for_a_rank() {
  RankRecord first = starter(Exited{1}, 7.4);
  RankRecord second = starter(Exited{1}, 7.5, traceback, 2);
  for (RankRecord* record : {&first, &second}) record->end->told_to_stop = true;
  const ExitStatus stopped = Signaled{.signal = SIGTERM, .core_dumped = false};
  first.of_starter[Rank{0}] = {.has_ended = true, .status = stopped, .seconds = 7.2, .told_to_stop = true};
  first.of_starter[Rank{1}] = {.has_ended = true, .status = stopped, .seconds = 7.2, .told_to_stop = true};
  second.of_starter[Rank{2}] = {.has_ended = true, .status = Exited{7}, .seconds = 2.1};
  second.of_starter[Rank{3}] = {.has_ended = true, .status = stopped, .seconds = 2.2};
  JobRecord record = job({first, second});
  record.failed_of_starter = FailedOfStarter{.starter = Rank{1}, .rank = Rank{2}};
  return record;
}

TEST(OutcomeOfStarters, NamesTheRankForWhichWeStoppedThem) {
  const RankHosts hosts = {"algo-1", "algo-2"};
  const Outcome outcome = decide_outcome(stopped_for_a_rank(), hosts, "torchrun");
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(outcome.message,
            "rank 2 on algo-2 exited with code 7 2.1 s after the start, before any other: ValueError: x");
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->host, "algo-2");
  EXPECT_EQ(outcome.first_failure->seconds, 2.1);
  EXPECT_EQ(outcome.first_failure->last_lines(), traceback);
  EXPECT_TRUE(outcome.first_failure->certain);
  EXPECT_EQ(outcome.end_seconds, 7.5);
  EXPECT_EQ(outcome.causes[Rank{0}], Cause::stopped_by_us);
  EXPECT_EQ(outcome.causes[Rank{1}], Cause::own);

  JobRecord by_signal = stopped_for_a_rank();
  by_signal.ranks[Rank{0}].of_starter[Rank{1}] = {.has_ended = true, .status = Exited{0}, .seconds = 1};
  by_signal.ranks[Rank{1}].of_starter[Rank{2}].status = Signaled{.signal = SIGKILL, .core_dumped = false};
  by_signal.ranks[Rank{1}].end->last_lines.clear();
  EXPECT_EQ(decide_outcome(by_signal, hosts, "torchrun").message,
            "rank 2 on algo-2 was killed by signal 9 (SIGKILL) 2.1 s after the start, the first to fail");
  EXPECT_EQ(decide_outcome(by_signal, hosts, "torchrun").exit_code, 137);

  JobRecord from_outside = stopped_for_a_rank();
  from_outside.failed_of_starter.reset();
  from_outside.stop_signal = SIGTERM;
  EXPECT_EQ(decide_outcome(from_outside, hosts, "torchrun").message, "stopped by SIGTERM");
}

TEST(OutcomeOfStarters, NamesTheRankWithAReasonBeforeARankThatOnlyLostItsPeer) {
  JobRecord record = stopped_for_a_rank();
  RankRecord& other = record.ranks[Rank{0}];
  other.of_starter[Rank{0}] = {.has_ended = true, .status = Exited{1}, .seconds = 2.09};
  other.end->last_lines = {"Traceback (most recent call last):", "  File \"x.py\"",
                           "RuntimeError: [gloo/pair.cc:589] Connection closed by peer [10.0.0.2]:1234"};
  other.end->failed_rank = 0;
  record.failed_of_starter = FailedOfStarter{.starter = Rank{0}, .rank = Rank{0}};
  const Outcome outcome = decide_outcome(record, {"algo-1", "algo-2"}, "torchrun");
  EXPECT_EQ(outcome.exit_code, 7);
  EXPECT_EQ(outcome.first_failure->rank, Rank{2});
  EXPECT_EQ(outcome.first_failure->tied_with, std::vector<Rank>{Rank{0}});
  EXPECT_EQ(outcome.causes[Rank{0}], Cause::own) << "it had ended before";
}

// torchrun looks at its ranks every few seconds, and ends some time after the rank that has failed.
JobRecord left_by_a_rank(double left, double failed, const std::vector<std::string>& words) {
  RankRecord torchrun = starter(Exited{1}, 9.5, after(words, summary("1", "1")), 1);
  torchrun.of_starter[Rank{0}] = {.has_ended = true, .status = Exited{0}, .seconds = left};
  torchrun.of_starter[Rank{1}] = {.has_ended = true, .status = Exited{1}, .seconds = failed};
  return job({torchrun});
}
const std::vector<std::string> peer_is_gone = {
    "Traceback (most recent call last):", "  File \"x.py\"",
    "RuntimeError: [gloo/pair.cc:589] Connection closed by peer [10.0.0.2]:1234"};

TEST(OutcomeOfStarters, NamesTheRankThatLeftWhereAnotherFailsBecauseOfIt) {
  const Outcome outcome = decide_outcome(left_by_a_rank(2.0, 2.1, peer_is_gone), {"algo-1"}, "torchrun");
  EXPECT_EQ(outcome.failure_class, FailureClass::user_code);
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_EQ(
      outcome.message,
      "rank 0 on algo-1 ended with code 0 2.0 s after the start, while others still ran; then rank 1 on "
      "algo-1 exited with code 1, says torchrun, which ended 9.5 s after the start: RuntimeError: "
      "[gloo/pair.cc:589] Connection closed by peer [10.0.0.2]:1234");
  ASSERT_TRUE(outcome.first_failure);
  EXPECT_EQ(outcome.first_failure->rank, Rank{0});
  EXPECT_EQ(outcome.first_failure->seconds, 2.0);
  EXPECT_EQ(outcome.first_failure->status(), ExitStatus(Exited{0}));
  EXPECT_TRUE(outcome.first_failure->certain);
  EXPECT_FALSE(outcome.first_failure->is_of_starter);

  const auto rank_named = [](const JobRecord& record) {
    return decide_outcome(record, {"algo-1"}, "torchrun").first_failure->rank;
  };
  EXPECT_EQ(rank_named(left_by_a_rank(2.11, 2.1, peer_is_gone)), Rank{0}) << "either order";
  EXPECT_EQ(rank_named(left_by_a_rank(2.2, 2.1, peer_is_gone)), Rank{1}) << "it left afterwards";
  EXPECT_EQ(rank_named(left_by_a_rank(2.0, 2.1, traceback)), Rank{1}) << "a reason of its own";
  JobRecord told = left_by_a_rank(2.0, 2.1, peer_is_gone);
  told.ranks[Rank{0}].of_starter[Rank{0}].told_to_stop = true;
  EXPECT_EQ(rank_named(told), Rank{1});
  JobRecord closing = left_by_a_rank(2.2, 6.0, peer_is_gone);
  closing.ranks[Rank{0}].times.traceback_seconds = 2.1;
  EXPECT_EQ(rank_named(closing), Rank{0}) << "it closed its connections before it ended";
}

TEST(OutcomeOfStarters, NamesTheRankThatLeftOnAnotherHost) {
  JobRecord record = stopped_for_a_rank();
  record.ranks[Rank{0}].of_starter[Rank{1}] = {.has_ended = true, .status = Exited{0}, .seconds = 1.5};
  record.ranks[Rank{1}].end->last_lines = peer_is_gone;
  const Outcome outcome = decide_outcome(record, {"algo-1", "algo-2"}, "torchrun");
  EXPECT_EQ(
      outcome.message,
      "rank 1 on algo-1 ended with code 0 1.5 s after the start, while others still ran; then rank 2 on "
      "algo-2 exited with code 7 2.1 s after the start, the first to fail: RuntimeError: "
      "[gloo/pair.cc:589] Connection closed by peer [10.0.0.2]:1234");
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.first_failure->host, "algo-1");
  EXPECT_EQ(outcome.causes[Rank{1}], Cause::collateral);

  // What is not known of a starter's ranks is said of the starter.
  record = job({starter(Exited{0}, 1.5), starter(Exited{1}, 9.5, after(peer_is_gone, summary("2", "7")), 2)});
  EXPECT_EQ(
      decide_outcome(record, {"algo-1", "algo-2"}, "torchrun").message.substr(0, 95),
      "torchrun on algo-1 ended with code 0 1.5 s after the start, while others still ran; then rank 2");
}

TEST(OutcomeOfStarters, DoesNotNameARankThatEndedAfterOurStop) {
  JobRecord record = stopped_for_a_rank();
  record.ranks[Rank{1}].of_starter[Rank{3}] = {
      .has_ended = true, .status = Exited{5}, .seconds = 7.3, .told_to_stop = true};
  record.ranks[Rank{1}].end->failed_rank = 3;
  EXPECT_EQ(decide_outcome(record, {"algo-1", "algo-2"}, "torchrun").message,
            "rank 2 on algo-2 exited with code 7 2.1 s after the start, before any other");
}

TEST(OutcomeOfStarters, NamesTheRankOfAStarterWhoseEndNobodyHasSeen) {
  JobRecord record = stopped_for_a_rank();
  record.ranks[Rank{1}].end.reset();
  record.ranks[Rank{1}].loss = OutlivedKill{};
  EXPECT_EQ(decide_outcome(record, {"algo-1", "algo-2"}, "torchrun").message,
            "rank 2 on algo-2 exited with code 7 2.1 s after the start, before any other");
}

TEST(OutcomeOfStarters, LeavesSentencesAloneThatAreAboutNoStarter) {
  JobRecord stopped = job({starter(Signaled{SIGTERM}, 1)});
  stopped.ranks[Rank{0}].end->told_to_stop = true;
  stopped.stop_signal = SIGTERM;
  EXPECT_EQ(decide_outcome(stopped, {"algo-1"}, "torchrun").message, "stopped by SIGTERM");

  JobRecord lost = job({starter(Exited{0}, 1)});
  lost.worker_loss = WorkerLoss{"algo-2", HostUnreachable{"no SSH banner"}};
  EXPECT_EQ(decide_outcome(lost, {"algo-1"}, "torchrun").message, "algo-2 was lost: no SSH banner");

  JobRecord unheard = job({RankRecord{}});
  unheard.started = false;
  unheard.ranks[Rank{0}].loss = Silence{10, "closed"};
  EXPECT_EQ(decide_outcome(unheard, {"algo-1"}, "torchrun").message,
            "the job could not be started: rank 0 on algo-1 was lost 0.0 s after the start: no word from its "
            "agent for 10 s (closed)");
}

}  // namespace
}  // namespace smlaunch
