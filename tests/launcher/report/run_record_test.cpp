// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/run_record.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

constexpr const char* report = R"({"schema":"smlaunch.report/1","outcome":"failure","class":"user_code",
  "exit_code":3,"message":"rank 1 on b exited with code 3","new_key":{"a":[1]},
  "first_failure":{"rank":1,"host":"b","exit_code":3,"signal":null,"seconds":2.5,"reason":"ValueError: no",
                   "last_lines":["Traceback","ValueError: no"],"certain":false,"tied_with":[0]},
  "ranks":[{"rank":0,"host":"a","pid":7,"exit_code":null,"signal":15,"seconds":2.6,"cause":"stopped_by_us"},
           {"rank":1,"host":"b","pid":8,"exit_code":3,"signal":null,"seconds":2.5,"cause":"own"}],
  "phases":[{"name":"start","seconds":0.5,"slowest_host":"b","slowest_seconds":0.4}],
  "smoke":{"verdict":"pass","evidence":"mpi-cpu; NCCL NOT RUN","reason":"right","busbw_gbps":1.5,
           "stages":[{"name":"spawned","seconds":0.3,"missing_ranks":[1]}],
           "suspects":[{"subject":"host","name":"b","confidence":"high","evidence":"is slow"}],
           "pairs":[{"hosts":["a","b"],"passed":true,"busbw_gbps":1.25,"why":""},
                    {"hosts":["a","c"],"passed":false,"busbw_gbps":null,"why":"no answer in time"},
                    {"hosts":["a"],"passed":false},{"hosts":7},"none"]},
  "hang":[{"rank":0,"host":"a","place":"in load","processes":[{"pid":9,"name":"python","python_stack":["t.py:1 in f"]}]}],
  "hang_evidence":{"seconds":60,"waiting":[{"group":"default","op":"all_reduce","sequence":5,"ranks":[1,2]},
                                           {"group":"tp","op":null,"sequence":null,"ranks":[]}],
                   "missing":[{"rank":0,"host":"a","where":"load_batch"}],"ranks":[],"nccl":["rank 1 is late",7]},
  "earlier":[{"message":"b was lost"}],"plan_hash":"abc"})";

TEST(RunRecord, HoldsWhatTheReportSays) {
  const auto record = parse_run_record("r", report, "");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->outcome, "failure");
  EXPECT_EQ(record->exit_code, 3);
  ASSERT_TRUE(record->first_failure);
  EXPECT_EQ(record->first_failure->rank, 1);
  EXPECT_EQ(record->first_failure->reason, "ValueError: no");
  EXPECT_FALSE(record->first_failure->certain);
  ASSERT_EQ(record->ranks.size(), 2U);
  EXPECT_EQ(record->ranks[0].end.signal, 15);
  EXPECT_EQ(record->ranks[0].cause, RecordedCause::stopped_by_us);
  EXPECT_EQ(record->ranks[1].cause, RecordedCause::own);
  EXPECT_EQ(record->ranks[1].end.exit_code, 3);
  EXPECT_EQ(record->phases[0].slowest_host, "b");
  EXPECT_EQ(record->smoke->suspects[0], "host b (high): is slow");
  EXPECT_EQ(record->nccl, std::vector<std::string>{"rank 1 is late"});
  EXPECT_EQ(record->smoke->stages[0].missing_ranks, std::vector<int>{1});
  ASSERT_EQ(record->smoke->pairs.size(), 2U) << "those of two hosts";
  EXPECT_EQ(record->smoke->pairs[0].busbw_gbps, 1.25);
  EXPECT_TRUE(record->smoke->pairs[0].passed);
  EXPECT_EQ(record->smoke->pairs[1].second, "c");
  EXPECT_FALSE(record->smoke->pairs[1].passed);
  EXPECT_FALSE(record->smoke->pairs[1].busbw_gbps);
  EXPECT_EQ(record->smoke->pairs[1].why, "no answer in time");
  EXPECT_EQ(record->hang[0].processes[0], "9 python\n    t.py:1 in f");
  ASSERT_EQ(record->waiting.size(), 2U);
  EXPECT_EQ(record->waiting[0].what, "all_reduce 5 of the default group");
  EXPECT_EQ(record->waiting[0].ranks, (std::vector<int>{1, 2}));
  EXPECT_EQ(record->waiting[1].what, "a collective of the group tp");
  ASSERT_EQ(record->missing.size(), 1U);
  EXPECT_EQ(record->missing[0].where, "load_batch");
  EXPECT_EQ(record->earlier, std::vector<std::string>{"b was lost"});
}

TEST(RunRecord, TakesProgressFromTheEvents) {
  const auto record = parse_run_record(
      "r", report,
      R"({"t":1,"event":"progress","host":"a","rank":0,"values":{"loss":"nan","step":3,"odd":[[1]]},"asks":"stop"}
{"t":2,"event":"progress","values":7}
)");
  ASSERT_TRUE(record);
  using Values = std::vector<std::pair<std::string, double>>;
  EXPECT_EQ(record->events[0].progress, (Values{{"step", 3}}));
  using Words = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(record->events[0].values,
            (Words{{"asks", "stop"}, {"loss", "nan"}, {"odd", "…"}, {"step", "3"}}));
  EXPECT_TRUE(record->events[1].progress.empty());
}

TEST(RunRecord, ACauseThatNobodyKnowsHereIsTheRanksOwn) {
  for (const char* name : {"collateral", "own", "something new", ""}) {
    const auto record = parse_run_record(
        "r", fmt::format(R"({{"schema":"smlaunch.report/1","ranks":[{{"cause":"{}"}}]}})", name), "");
    ASSERT_TRUE(record);
    EXPECT_EQ(record->ranks[0].cause == RecordedCause::collateral, std::string(name) == "collateral");
    EXPECT_NE(record->ranks[0].cause, RecordedCause::stopped_by_us);
  }
}

TEST(RunRecord, TakesTheRanksTimesFromTheEventsOfTheLastTry) {
  const auto record =
      parse_run_record("r", report,
                       R"({"t":1.0,"event":"spawn","host":"b","rank":1,"cpus":"0-3","numa":"0","pid":1}
{"t":2.0,"event":"exit","host":"b","rank":1,"exit_code":3}
{"t":2.1,"event":"restart"}
{"t":4.0,"event":"spawn","host":"b","rank":1,"cpus":"4-7","numa":"1","pid":2}
{"t":9.5,"event":"signal","host":"b","rank":1,"signal":9}
this is no event
{"t":9.6,"event":"outcome","exit_code":3}
)");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->ranks[1].began, 4.0);
  EXPECT_EQ(record->ranks[1].ended, 9.5);
  EXPECT_EQ(record->ranks[1].cpus, "4-7");
  EXPECT_FALSE(record->ranks[0].began);
  EXPECT_EQ(record->events.size(), 6U);
  EXPECT_EQ(record->unread_lines, 1U);
}

TEST(RunRecord, BearsWhatIsNestedDeep) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  const auto record = parse_run_record("r", R"({"schema":"smlaunch.report/1","ranks":)" + deep + "}",
                                       R"({"event":"x","value":)" + deep + "}\n");
  ASSERT_TRUE(record);
  ASSERT_EQ(record->events.size(), 1U);
  EXPECT_EQ(record->events[0].values[0].second, "…");
}

TEST(RunRecord, OfAnythingElseIsAnErrorWithItsPlace) {
  for (const char* text : {"", "{", "[]", "3", R"({"schema":"smlaunch.plan/1"})", "\xff\xfe"}) {
    const auto record = parse_run_record("here.json", text, "");
    ASSERT_FALSE(record) << text;
    EXPECT_EQ(record.error().fault, Fault::configuration);
    EXPECT_EQ(record.error().problems.front().where, "here.json");
  }
}

TEST(RunRecord, LeavesOutWhatHasAnotherTypeThanItShould) {
  const auto record = parse_run_record(
      "r",
      R"({"schema":"smlaunch.report/1","outcome":7,"exit_code":"x","ranks":[5,{"rank":99999999999999999999,"host":[]}],
          "phases":{},"smoke":"none","first_failure":[],"hang":null})",
      R"({"t":"now","event":"spawn","rank":"all"}
[{"event":1}]
)");
  ASSERT_TRUE(record);
  EXPECT_EQ(record->outcome, "");
  EXPECT_EQ(record->exit_code, 0);
  EXPECT_EQ(record->ranks.size(), 2U);
  EXPECT_EQ(record->ranks[1].rank, -1);
  EXPECT_FALSE(record->smoke);
  EXPECT_EQ(record->events.size(), 1U);
}

}  // namespace
}  // namespace smlaunch
