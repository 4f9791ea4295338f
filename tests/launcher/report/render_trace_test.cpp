// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "launcher/report/render_report.hpp"

namespace smlaunch {
namespace {

using Json = nlohmann::json;

RunRecord run() {
  RunRecord record{.outcome = "failure", .message = "rank 0 failed", .plan_hash = "abc"};
  record.start_unix_ms = 1'800'000'000'000;
  record.ranks = {{.rank = 0,
                   .host = "a",
                   .end = {.exit_code = 1},
                   .cause = RecordedCause::own,
                   .began = 1.5,
                   .ended = 2.0}};
  record.events = {{.seconds = 2.25, .event = "outcome"}};
  return record;
}

Json spans_of(const RunRecord& record, const std::string& parent = "") {
  return Json::parse(render_trace(record, parent))["resourceSpans"][0]["scopeSpans"][0]["spans"];
}

TEST(Trace, HasASpanForTheRunAndBelowItOneForEachHostsRanks) {
  const Json spans = spans_of(run());
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0]["name"], "run");
  EXPECT_EQ(spans[0]["startTimeUnixNano"], "1800000000000000000");
  EXPECT_EQ(spans[0]["endTimeUnixNano"], "1800000002250000000");
  EXPECT_EQ(spans[0]["status"], (Json{{"code", 2}, {"message", "rank 0 failed"}}));
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_EQ(spans[0]["events"][0]["name"], "outcome");
  EXPECT_EQ(spans[1]["name"], "a");
  EXPECT_EQ(spans[1]["parentSpanId"], spans[0]["spanId"]);
  EXPECT_EQ(spans[1]["startTimeUnixNano"], "1800000001500000000");
  EXPECT_EQ(spans[0]["traceId"].get<std::string>().size(), 32U);
  EXPECT_EQ(spans[0]["spanId"].get<std::string>().size(), 16U);
}

TEST(Trace, BelongsToTheTraceAroundIt) {
  const Json span = spans_of(run(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")[0];
  EXPECT_EQ(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(span["parentSpanId"], "00f067aa0ba902b7");
  for (const char* malformed : {"00", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"})
    EXPECT_FALSE(spans_of(run(), malformed)[0].contains("parentSpanId")) << malformed;
}

TEST(Trace, GivesEverySpanAnIdOfItsOwn) {
  RunRecord record = run();
  record.ranks.clear();
  for (int rank = 0; rank < 500; ++rank)
    record.ranks.push_back({.rank = rank, .host = "h" + std::to_string(rank), .began = 1, .ended = 2});
  std::set<std::string> ids;
  const Json spans = spans_of(record);
  for (const Json& span : spans) ids.insert(span["spanId"].get<std::string>());
  EXPECT_EQ(ids.size(), spans.size());
}

TEST(Trace, BearsTimesThatAreNone) {
  RunRecord record = run();
  record.events = {{.seconds = -5, .event = "outcome"}, {.seconds = 1e300, .event = "stop"}};
  EXPECT_EQ(spans_of(record)[0]["startTimeUnixNano"], "1800000000000000000");
}

}  // namespace
}  // namespace smlaunch
