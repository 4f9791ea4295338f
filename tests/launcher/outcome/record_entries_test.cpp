// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/record_entries.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

#include "launcher/outcome/decide_outcome.hpp"
#include "launcher/outcome/rank_results.hpp"
#include "launcher/outcome/silence_sentence.hpp"

namespace smlaunch {
namespace {

using ::testing::ElementsAre;

// torchrun with three ranks on a, and with two on b.
JobRecord of_torchrun() {
  JobRecord record;
  record.started = true;
  record.ranks = Indexed<Rank, RankRecord>(2);
  for (RankRecord& each : record.ranks) each.joined = true;
  record.shares = {{.first = Rank{0}, .count = 3}, {.first = Rank{3}, .count = 2}};
  return record;
}
const RankHosts hosts = {"a", "b"};

TEST(RecordEntries, StandForTheRanksOfAHost) {
  const JobRecord record = of_torchrun();
  EXPECT_EQ(find_entry(record, Rank{1}), Rank{0});
  EXPECT_EQ(find_entry(record, Rank{3}), Rank{1});
  EXPECT_EQ(find_entry(record, Rank{4}), Rank{1});
  for (const int other : {-1, 5}) EXPECT_EQ(find_entry(record, Rank{other}), std::nullopt) << other;
  EXPECT_EQ(first_rank_of_entry(record, Rank{1}), Rank{3});
  EXPECT_THAT(ranks_of_entry(record, Rank{1}), ElementsAre(Rank{3}, Rank{4}));
  EXPECT_EQ(find_started(record, Rank{4}), nullptr);
}

TEST(RecordEntries, AreTheRanksThemselvesWhereNothingElseStartsThem) {
  JobRecord record = of_torchrun();
  record.shares = {};
  EXPECT_EQ(find_entry(record, Rank{1}), Rank{1});
  EXPECT_EQ(find_entry(record, Rank{2}), std::nullopt);
  EXPECT_EQ(first_rank_of_entry(record, Rank{1}), Rank{1});
  EXPECT_THAT(ranks_of_entry(record, Rank{1}), ElementsAre(Rank{1}));
  EXPECT_EQ(find_started(record, Rank{1}), nullptr);
}

TEST(RecordEntries, ATorchrunThatFailedItselfIsToldAsOfItsFirstRankAndNoRankHasItsEnd) {
  JobRecord record = of_torchrun();
  record.ranks[Rank{0}].end = RankEnd{.status = Signaled{SIGTERM, false}, .told_to_stop = true};
  record.ranks[Rank{1}].end = RankEnd{.status = Exited{1}};
  Report report;
  report.outcome = decide_outcome(record, hosts, "torchrun");
  EXPECT_EQ(report.outcome.message,
            "torchrun on b exited with code 1 0.0 s after the start, before any other");
  EXPECT_EQ(report.outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(report.outcome.causes[Rank{0}], Cause::stopped_by_us);
  report.ranks = record.ranks;
  report.shares = record.shares;
  report.hosts = hosts;
  for (const RankResult& each : find_rank_results(report)) EXPECT_FALSE(each.status) << each.rank.value;
}

TEST(RecordEntries, TiedAndMissingAndLostOnesAreToldAsTheirRanks) {
  JobRecord tied = of_torchrun();
  for (RankRecord& each : tied.ranks) each.end = RankEnd{.status = Exited{1}};
  EXPECT_EQ(
      decide_outcome(tied, hosts, "torchrun").message,
      "torchrun on a exited with code 1 0.0 s after the start; rank 3 failed within the clock's error of it, "
      "and may have been first");

  JobRecord missing = of_torchrun();
  missing.started = false;
  missing.start_timed_out = true;
  missing.ranks[Rank{1}].joined = false;
  EXPECT_EQ(
      decide_outcome(missing, hosts, "torchrun").message,
      "the job could not be started: not every rank's agent came in time; never heard of: ranks 3, 4 (first "
      "on b)");

  JobRecord lost = of_torchrun();
  lost.ranks[Rank{0}].end = RankEnd{.status = Exited{0}, .told_to_stop = true};
  lost.ranks[Rank{1}].loss = Silence{10, "closed"};
  const Outcome outcome = decide_outcome(lost, hosts, "torchrun");
  EXPECT_EQ(outcome.first_failure->rank, Rank{3});
  EXPECT_EQ(outcome.first_failure->host, "b");
}

ProcessState process(int rank, const char* place) {
  ProcessState state;
  state.rank = rank;
  state.python_stack = {place};
  return state;
}

TEST(RecordEntries, AHangTellsOfRanksThatHaveEndedAndOfHostsThatHaveNotAnswered) {
  JobRecord record = of_torchrun();
  record.hang = JobSilence{.seconds = 60};
  record.ranks[Rank{0}].state.emplace().processes = {process(0, "x.py:1 in wait"),
                                                     process(2, "x.py:1 in wait")};
  record.ranks[Rank{0}].of_starter[Rank{1}] = {
      .pid = 7, .has_ended = true, .status = Exited{0}, .seconds = 4};
  const auto looks = look_at_ranks(record, hosts, "torchrun");
  std::vector<int> ranks;
  for (const RankLook& look : looks) ranks.push_back(look.rank.value);
  EXPECT_THAT(ranks, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(looks[1].ended, "had exited with code 0 4.0 s after the start");
  EXPECT_EQ(looks[3].host, "b");
  EXPECT_FALSE(looks[3].state);
  const Outcome outcome = decide_outcome(record, hosts, "torchrun");
  EXPECT_EQ(outcome.failure_class, FailureClass::hang);
  EXPECT_EQ(outcome.first_failure->rank, Rank{1});
  EXPECT_EQ(outcome.first_failure->host, "a");
  EXPECT_EQ(outcome.first_failure->status(), ExitStatus(Exited{0}));
}

TEST(RecordEntries, OfATorchrunWhoseProcessesTellNoRankTheFirstStandsForAll) {
  JobRecord record = of_torchrun();
  ProcessState torchrun;
  torchrun.name = "torchrun";
  for (RankRecord& each : record.ranks) each.state.emplace().processes = {torchrun};
  const auto looks = look_at_ranks(record, hosts, "torchrun");
  ASSERT_EQ(looks.size(), 2U);
  EXPECT_EQ(looks[1].rank, Rank{3});
}

TEST(RecordEntries, StepsAreThoseOfTheRankThatHasToldThem) {
  JobRecord record = of_torchrun();
  for (RankRecord& each : record.ranks) each.end = RankEnd{.status = Exited{1}, .told_to_stop = true};
  record.ranks[Rank{1}].end->told_to_stop = false;
  record.ranks[Rank{0}].of_starter[Rank{1}].progress = {{"step", 3}};
  record.ranks[Rank{1}].of_starter[Rank{3}].progress = {{"step", 8}};
  record.ranks[Rank{1}].of_starter[Rank{4}].progress = {{"step", 6}};
  record.progress = JobProgress{.rank = Rank{4}};
  const auto steps = [&] {
    const Outcome outcome = decide_outcome(record, hosts, "torchrun");
    return std::pair(outcome.progress->step, outcome.progress->failed_step);
  };
  EXPECT_EQ(steps(), std::pair(std::optional(3.0), std::optional(8.0)));
  record.ranks[Rank{1}].of_starter[Rank{3}].progress = {};
  EXPECT_EQ(steps(), std::pair(std::optional(3.0), std::optional(3.0))) << "nobody knows better";
  record.ranks[Rank{1}].progress = {{"step", 7}};
  EXPECT_EQ(steps(), std::pair(std::optional(3.0), std::optional(7.0))) << "a rank of its host has told it";
}

}  // namespace
}  // namespace smlaunch
