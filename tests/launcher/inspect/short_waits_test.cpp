// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/short_waits.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "launcher/inspect/rank_told.hpp"

namespace smlaunch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr long begin_ms = 1'795'921'285'000;
constexpr long period_ms = 100;

// The last collectives of a rank that comes `late_ms` after the period's begin.
struct Calls {
  int rank = 0;
  std::string host = "gn01";
  int late_ms = 0;
  std::string op = "gloo:all_reduce";
  double duration_ms = -1;  // below 0: not known
  int count = 20;
  std::string name = "0";
};

RankLook look(const Calls& calls) {
  std::string entries;
  for (int i = 1; i <= calls.count; ++i)
    entries += fmt::format(
        R"({}{{"process_group":["{}",""],"collective_seq_id":{},"profiling_name":"{}","retired":true,)"
        R"("is_p2p":false,"time_created_ns":{}000000{}}})",
        i == 1 ? "" : ",", calls.name, i, calls.op, begin_ms + period_ms * i + calls.late_ms,
        calls.duration_ms < 0 ? "" : fmt::format(R"(,"duration_ms":{})", calls.duration_ms));
  const std::string answer = fmt::format(
      R"({{"threads":[],"counts_from_one":true,"rank":{},"groups":[{{"name":"{}","is_default":{},)"
      R"("ranks":[[0,3]],"sequence":{}}}],"recorder":{{"entries":[{}]}}}})",
      calls.rank, calls.name, calls.name == "0", calls.count, entries);
  RankState state;
  state.processes.emplace_back().told = shorten_told(answer).value_or("too long");
  return {.rank = Rank{calls.rank}, .host = calls.host, .state = state};
}

std::vector<std::string> told(const std::vector<Calls>& ranks) {
  std::vector<RankLook> looks;
  for (const Calls& each : ranks) looks.push_back(look(each));
  std::vector<std::string> words;
  for (const ShortWaits& each : find_short_waits(looks))
    words.push_back(fmt::format("rank {} on {} {}", each.rank.value, each.host, describe(each)));
  return words;
}

TEST(ShortWaits, NameTheRankThatComesLastOfItsHost) {
  EXPECT_THAT(
      told({{.rank = 0}, {.rank = 1, .late_ms = 1}, {.rank = 2, .late_ms = 40}, {.rank = 3}}),
      ElementsAre("rank 2 on gn01 waits 0 ms in a collective of the default group, where others wait 40 ms "
                  "(medians of 20)"));
  EXPECT_THAT(
      told({{.rank = 0, .late_ms = 40}, {.rank = 1}}),
      ElementsAre("rank 0 on gn01 waits 0 ms in a collective of the default group, where the other waits 40 "
                  "ms (medians of 20)"));
}

TEST(ShortWaits, AreNoneWhereRanksComeTogether) {
  EXPECT_THAT(told({{.rank = 0}, {.rank = 1}, {.rank = 2}}), IsEmpty());
  EXPECT_THAT(told({{.rank = 0}, {.rank = 1, .late_ms = 4}, {.rank = 2}}), IsEmpty())
      << "4 ms are no word worth";
  EXPECT_THAT(told({{.rank = 0}, {.rank = 1, .late_ms = 9}, {.rank = 2}}), IsEmpty()) << "9 % of a period";
  EXPECT_THAT(told({{.rank = 0, .late_ms = 40}, {.rank = 1, .late_ms = 40}, {.rank = 2}, {.rank = 3}}),
              IsEmpty())
      << "half of them wait less: nobody is named";
  EXPECT_THAT(told({}), IsEmpty());
  EXPECT_THAT(told({{.rank = 0}}), IsEmpty());
}

TEST(ShortWaits, SayNothingOfFewCollectives) {
  EXPECT_THAT(told({{.rank = 0, .count = 7}, {.rank = 1, .late_ms = 40, .count = 20}}), IsEmpty());
  EXPECT_EQ(told({{.rank = 0, .count = 8}, {.rank = 1, .late_ms = 40, .count = 20}}).size(), 1U);
}

TEST(ShortWaits, DoNotCompareTheCalendarsOfTwoHosts) {
  EXPECT_THAT(told({{.rank = 0, .host = "gn01"}, {.rank = 1, .host = "gn02", .late_ms = 40}}), IsEmpty());
}

TEST(ShortWaits, AreComparedOverHostsWhereNcclHasMeasuredThem) {
  const auto nccl = [](int rank, const std::string& host, double waited) {
    return Calls{
        .rank = rank, .host = host, .late_ms = 100 * rank, .op = "nccl:all_reduce", .duration_ms = waited};
  };
  EXPECT_THAT(
      told({nccl(0, "gn01", 52.5), nccl(1, "gn01", 50), nccl(2, "gn02", 1.25), nccl(3, "gn02", 51)}),
      ElementsAre("rank 2 on gn02 waits 1.25 ms in a collective of the default group, where others wait 51 "
                  "ms (medians of 20)"));
  EXPECT_THAT(told({nccl(0, "gn01", 52.5), nccl(1, "gn01", 50), nccl(2, "gn02", 48)}), IsEmpty());
}

TEST(ShortWaits, OfNcclAreNotKnownByWhenTheProgramCalled) {
  EXPECT_THAT(
      told({{.rank = 0, .op = "nccl:all_reduce"}, {.rank = 1, .late_ms = 40, .op = "nccl:all_reduce"}}),
      IsEmpty());
}

TEST(ShortWaits, CountOnlyWhereEveryRankWaitsForAllOthers) {
  EXPECT_THAT(told({{.rank = 0, .op = "gloo:broadcast"}, {.rank = 1, .late_ms = 40, .op = "gloo:broadcast"}}),
              IsEmpty());
  EXPECT_EQ(told({{.rank = 0, .op = "gloo:_all_gather_base", .name = "tp"},
                  {.rank = 1, .late_ms = 40, .op = "gloo:_all_gather_base", .name = "tp"}})
                .size(),
            1U);
}

TEST(ShortWaits, TakeNothingFromValuesOfOtherKinds) {
  RankLook strange = look({.rank = 1, .late_ms = 40});
  strange.state->processes[0].told =
      R"({"rank":1,"groups":[{"name":"0","is_default":true,"ranks":[[0,3]],"sequence":9}],)"
      R"("times":{"0":[[1],[1,-2,3],["1",2,3],[1,2,"x"],7,{"a":1}],"1":3}})";
  EXPECT_THAT(find_short_waits({look({.rank = 0}), strange}), IsEmpty());
  const auto parsed = parse_told(strange.state->processes[0].told);
  ASSERT_TRUE(parsed);
  EXPECT_THAT(parsed->groups.at(0).timed, ElementsAre(TimedCollective{.sequence = 1, .begun_ns = 2}));
}

}  // namespace
}  // namespace smlaunch
