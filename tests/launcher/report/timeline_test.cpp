// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/timeline.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

RunRecord run_of(int hosts, int bad_host) {
  RunRecord record{.outcome = "failure"};
  for (int host = 0; host < hosts; ++host)
    for (int local = 0; local < 2; ++local) {
      const bool is_bad = host == bad_host && local == 0;
      record.ranks.push_back({.rank = host * 2 + local,
                              .host = fmt::format("gn{}", host),
                              .end = {.exit_code = is_bad ? 1 : 0},
                              .cause = RecordedCause::own,
                              .began = 2.0,
                              .ended = is_bad ? 5.0 : 9.0});
    }
  record.events = {{.seconds = 1.5, .event = "smoke_stage", .values = {{"stage", "spawned"}}},
                   {.seconds = 1.8, .event = "smoke_stage", .values = {{"stage", "verified"}}},
                   {.seconds = 1.9, .event = "smoke", .values = {{"verdict", "pass"}}},
                   {.seconds = 9.5, .event = "outcome", .values = {{"message", "no"}}}};
  return record;
}

TEST(Timeline, HasARowForEachHostWhereTheyAreFew) {
  const Timeline timeline = make_timeline(run_of(3, 1));
  ASSERT_EQ(timeline.rows.size(), 4U);
  EXPECT_EQ(timeline.rows[0].label, "all-reduce test");
  EXPECT_EQ(timeline.rows[0].bars.size(), 2U);
  EXPECT_EQ(timeline.rows[1].label, "gn0");
  EXPECT_EQ(timeline.rows[1].bars[0].kind, BarKind::good);
  EXPECT_EQ(timeline.rows[2].bars[0].kind, BarKind::bad);
  EXPECT_EQ(timeline.rows[2].bars[0].words, "gn1: 2 ranks, 2.0 to 9.0 s, 1 failed");
  EXPECT_EQ(timeline.end, 9.5);
}

TEST(Timeline, FoldsAThousandEqualHostsAndShowsTheOneThatFailed) {
  const Timeline timeline = make_timeline(run_of(1000, 777));
  ASSERT_EQ(timeline.rows.size(), 3U);
  EXPECT_EQ(timeline.rows[1].label, "gn0 and 998 like it");
  EXPECT_EQ(timeline.rows[1].bars[0].words, "gn0 and 998 like it: 1998 ranks, 2.0 to 9.0 s");
  EXPECT_EQ(timeline.rows[2].label, "gn777");
  EXPECT_EQ(timeline.rows[2].bars[0].kind, BarKind::bad);
}

TEST(Timeline, FoldsTheRestOfAThousandHostsThatEndedAtOtherMoments) {
  RunRecord record = run_of(1000, 777);
  for (RecordedRank& rank : record.ranks) rank.ended = 5.0 + rank.rank;
  record.events.back().seconds = 2100;
  for (RecordedRank& rank : record.ranks) rank.began = rank.rank % 100 * 20.0;
  const Timeline timeline = make_timeline(record);
  ASSERT_EQ(timeline.rows.size(), most_host_rows + 1);
  EXPECT_THAT(timeline.rows.back().label, ::testing::EndsWith(" more hosts"));
  int shown = 0;
  for (const TimelineRow& row : timeline.rows) shown += row.label == "gn777" ? 1 : 0;
  EXPECT_EQ(shown, 1);
}

TEST(Timeline, DoesNotFoldEqualHostsWhereTheyAreFew) {
  EXPECT_EQ(make_timeline(run_of(most_single_hosts, 1)).rows.size(), most_single_hosts + 1);
  EXPECT_EQ(make_timeline(run_of(most_single_hosts + 1, 1)).rows.size(), 3U);
}

TEST(Timeline, HasABarForEachTryAndItsReadiness) {
  RunRecord record{.outcome = "failure"};
  record.events = {{.seconds = 1, .event = "host_state", .host = "a", .values = {{"state", "ready"}}},
                   {.seconds = 2, .event = "host_state", .host = "b", .values = {{"state", "ready"}}}};
  EXPECT_EQ(make_timeline(record).rows.size(), 1U);
  record.events.push_back({.seconds = 10, .event = "restart", .values = {{"restarts", "1"}}});
  record.events.push_back(
      {.seconds = 13, .event = "host_state", .host = "b", .values = {{"state", "ready"}}});
  record.events.push_back({.seconds = 20, .event = "outcome"});
  const Timeline timeline = make_timeline(record);
  ASSERT_EQ(timeline.rows.size(), 2U);
  ASSERT_EQ(timeline.rows[0].bars.size(), 2U);
  EXPECT_EQ(timeline.rows[0].bars[0].words, "try 1 failed, 0.0 to 10.0 s");
  EXPECT_EQ(timeline.rows[0].bars[1].words, "try 2, from 10.0 s");
  EXPECT_EQ(timeline.rows[1].label, "hosts get ready");
  ASSERT_EQ(timeline.rows[1].bars.size(), 2U);
  EXPECT_EQ(timeline.rows[1].bars[0].end, 2);
  EXPECT_EQ(timeline.rows[1].bars[1].begin, 10);
  EXPECT_EQ(timeline.rows[1].bars[1].end, 13);
  EXPECT_EQ(timeline.marks[0].words, "restart");
}

TEST(Timeline, MarksWhatADeviceSaidInItsWordsAndAsBad) {
  RunRecord record = run_of(2, 0);
  record.events.push_back(
      {.seconds = 4,
       .event = "device",
       .host = "gn1",
       .values = {{"kind", "gpu_xid"}, {"device", "GPU 3"}, {"text", "GPU 3 reported XID 79"}}});
  const Timeline timeline = make_timeline(record);
  ASSERT_EQ(timeline.marks.size(), 2U);
  EXPECT_EQ(timeline.marks[1].words, "gn1: GPU 3 reported XID 79");
  EXPECT_TRUE(timeline.marks[1].is_bad);
}

TEST(Timeline, MarksAHangWithItsSentence) {
  RunRecord record = run_of(2, 0);
  record.events.push_back(
      {.seconds = 4, .event = "hang", .values = {{"sentence", "rank 1 (gn0) has not come to barrier 5"}}});
  record.events.push_back({.seconds = 5, .event = "hang"});  // of an older smlaunch
  const Timeline timeline = make_timeline(record);
  ASSERT_EQ(timeline.marks.size(), 3U);
  EXPECT_EQ(timeline.marks[1].words, "hang: rank 1 (gn0) has not come to barrier 5");
  EXPECT_EQ(timeline.marks[2].words, "hang");
  EXPECT_TRUE(timeline.marks[1].is_bad);
}

TEST(Timeline, MarksTheFirstFailureAndNotEveryRanksEnd) {
  RunRecord record = run_of(2, 0);
  record.first_failure = RecordedFailure{.rank = 0, .host = "gn0"};
  record.events.insert(
      record.events.begin() + 3,
      {{.seconds = 5, .event = "exit", .host = "gn0", .rank = 0, .values = {{"exit_code", "1"}}},
       {.seconds = 6, .event = "signal", .host = "gn1", .rank = 2, .values = {{"signal", "15"}}}});
  const Timeline timeline = make_timeline(record);
  ASSERT_EQ(timeline.marks.size(), 2U);
  EXPECT_EQ(timeline.marks[0].words, "exit of rank 0 on gn0, exit_code 1");
  EXPECT_TRUE(timeline.marks[0].is_bad);
  EXPECT_EQ(timeline.marks[1].words, "outcome");
}

TEST(Timeline, OfARunWithoutEventsIsEmpty) {
  const Timeline timeline = make_timeline(RunRecord{.outcome = "stopped"});
  EXPECT_TRUE(timeline.rows.empty());
  EXPECT_TRUE(timeline.marks.empty());
}

}  // namespace
}  // namespace smlaunch
