// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/render_report.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smlaunch {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

RunRecord failed_run() {
  RunRecord record{
      .outcome = "failure", .failure_class = "user_code", .exit_code = 3, .message = "rank 1 failed"};
  record.first_failure =
      RecordedFailure{.rank = 1, .host = "b", .end = {.exit_code = 3}, .last_lines = {"why"}};
  record.ranks = {{.rank = 0,
                   .host = "a",
                   .end = {.signal = 15},
                   .cause = RecordedCause::stopped_by_us,
                   .began = 1.0,
                   .ended = 2.0},
                  {.rank = 1,
                   .host = "b",
                   .end = {.exit_code = 3},
                   .cause = RecordedCause::own,
                   .began = 1.0,
                   .ended = 1.5}};
  record.events = {{.seconds = 2, .event = "outcome"}};
  record.phases = {{.name = "run", .seconds = 1.5, .slowest_host = "a", .slowest_seconds = 1.5}};
  return record;
}

TEST(RenderReport, TellsTheRunOnATerminal) {
  EXPECT_EQ(render_report_text(failed_run()),
            "failure (user_code), exit code 3\n"
            "rank 1 failed\n"
            "\n"
            "first failure\n"
            "  rank 1 on b exited with code 3\n"
            "    why\n"
            "\n"
            "phases\n"
            "  run                           1.5 s  a last\n"
            "\n"
            "when\n"
            "  a                             1.0 s to 2.0 s\n"
            "  b                             1.0 s to 1.5 s\n"
            "       2.0 s  outcome\n"
            "\n"
            "ranks\n"
            "  exited with code 3                           1\n"
            "  was killed by signal 15 (smlaunch stopped it) 0\n");
}

TEST(RenderReport, PutsRanksThatEndedAlikeTogether) {
  RunRecord record{.outcome = "success"};
  for (const int rank : {0, 1, 2, 5})
    record.ranks.push_back({.rank = rank, .host = "a", .end = {.exit_code = 0}});
  EXPECT_THAT(render_report_text(record),
              HasSubstr("  ended well                                   0-2, 5\n"));
}

TEST(RenderReport, IsAPageOfItsOwn) {
  const std::string page = render_report_html(failed_run(), "/opt/ml/report.json");
  EXPECT_THAT(page, HasSubstr("<p class=\"sentence failure\">rank 1 failed</p>"));
  EXPECT_THAT(page, HasSubstr("<pre>why\n</pre>"));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme:dark"));
  for (const char* foreign : {"<script", "http:", "https:", "src=", "@import", "url("})
    EXPECT_THAT(page, Not(HasSubstr(foreign)));
}

TEST(RenderReport, ShowsTextOfStrangersAsText) {
  const std::string evil = "\"><script>alert(1)</script>\x01\xff";
  RunRecord record = failed_run();
  record.outcome = evil;
  record.failure_class = evil;
  record.message = evil;
  record.plan_hash = evil;
  record.first_failure = RecordedFailure{.host = evil, .reason = evil, .last_lines = {evil}};
  record.ranks = {{.rank = 0, .host = evil, .began = 1, .cpus = evil, .numa = evil}};
  record.phases = {{.name = evil, .slowest_host = evil}};
  record.smoke = RecordedSmoke{
      .verdict = evil, .evidence = evil, .reason = evil, .stages = {{.name = evil}}, .suspects = {evil}};
  record.hang = {{.host = evil, .place = evil, .processes = {evil}}};
  record.waiting = {{.what = evil, .ranks = {0}}};
  record.missing = {{.host = evil, .where = evil}};
  record.nccl = {evil};
  record.earlier = {evil};
  record.events = {{.event = evil, .host = evil, .values = {{evil, evil}}},
                   {.event = "outcome", .values = {{evil, evil}}}};
  const std::string page = render_report_html(record, evil);
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("\x01")));
  EXPECT_THAT(page, Not(HasSubstr("\xff")));
  const std::string text = render_report_text(record);
  EXPECT_THAT(text, Not(HasSubstr("\x01")));
}

TEST(RenderReport, ShowsWhoWaitedForWhom) {
  RunRecord record = failed_run();
  EXPECT_THAT(render_report_html(record, "r"), Not(HasSubstr("Who waited")));
  EXPECT_THAT(render_report_text(record), Not(HasSubstr("who waited")));
  record.waiting = {{.what = "all_reduce 5 of the default group", .ranks = {0, 1, 3}}};
  record.missing = {{.rank = 2, .host = "gn02", .where = "load (data.py:88)"}};
  record.nccl = {"rank 2 <has> launched nothing"};
  EXPECT_THAT(render_report_html(record, "r"),
              HasSubstr("<tr><td>waited in all_reduce 5 of the default group</td><td>ranks 0-1, 3</td></tr>\n"
                        "<tr><td>missing: rank 2 on gn02</td><td>load (data.py:88)</td></tr>\n"
                        "<tr><td>NCCL</td><td>rank 2 &lt;has&gt; launched nothing</td></tr>"));
  EXPECT_THAT(render_report_text(record),
              HasSubstr("\nwho waited for whom\n  in all_reduce 5 of the default group: ranks 0-1, 3\n"
                        "  missing: rank 2 on gn02: load (data.py:88)\n"
                        "  NCCL: rank 2 <has> launched nothing\n"));
}

TEST(RenderReport, OfTenThousandRanksFitsInto5MegaBytes) {
  RunRecord record{.outcome = "failure"};
  for (int rank = 0; rank < 10'000; ++rank) {
    const std::string host = fmt::format("gpu-host-{:05}", rank / 8);
    record.ranks.push_back({.rank = rank,
                            .host = host,
                            .end = {.exit_code = 0},
                            .cause = RecordedCause::own,
                            .began = 1,
                            .ended = 2,
                            .cpus = "0-15,128-143",
                            .numa = "0"});
    record.events.push_back({.seconds = 1, .event = "spawn", .host = host, .rank = rank});
  }
  const std::string page = render_report_html(record, "r");
  EXPECT_LT(page.size(), 5'000'000U);
  EXPECT_THAT(page, HasSubstr("title=\"9999 ended well, cpus 0-15,128-143\""));
}

RecordedPair pair_of(const std::string& first, const std::string& second, std::optional<double> speed) {
  return {
      .first = first, .second = second, .passed = speed.has_value(), .busbw_gbps = speed, .why = "why <it>"};
}

TEST(RenderReport, ShowsTheTestsOfEveryTwoHostsAsAHeatMap) {
  RunRecord record{.outcome = "failure"};
  record.smoke = RecordedSmoke{.verdict = "fail"};
  EXPECT_THAT(render_report_html(record, "r"), Not(HasSubstr("<svg")));
  record.smoke->pairs = {pair_of("a", "b", 10.0), pair_of("a", "c", 5.0), pair_of("b", "c", {})};
  const std::string page = render_report_html(record, "r");
  EXPECT_THAT(
      page,
      HasSubstr("<p>3 pairs of 3 hosts tested, 1 failed; the fastest 10 GB/s; the paler, the slower</p>"));
  EXPECT_THAT(page, HasSubstr("fill-opacity=\"0.50\""));
  EXPECT_THAT(page, HasSubstr("<title>a and c: 5 GB/s</title>"));
  EXPECT_THAT(page, HasSubstr("<rect class=\"bad\" fill-opacity=\"1.00\""));
  EXPECT_THAT(page, HasSubstr("<title>b and c: failed: why &lt;it&gt;</title>"));
}

TEST(RenderReport, OfVeryManyHostsNamesThePairsThatFailed) {
  RunRecord record{.outcome = "failure"};
  record.smoke = RecordedSmoke{.verdict = "fail"};
  for (int host = 1; host < 1000; ++host)
    record.smoke->pairs.push_back(
        pair_of("h0", fmt::format("h{}", host), host == 7 ? std::nullopt : std::optional(1.0)));
  std::string page = render_report_html(record, "r");
  EXPECT_THAT(page, Not(HasSubstr("<svg")));
  EXPECT_THAT(page, HasSubstr("<p>999 pairs of 1000 hosts tested, 1 failed; the fastest 1 GB/s</p>"));
  EXPECT_THAT(page, HasSubstr("<tr><td>h0</td><td>h7</td><td>why &lt;it&gt;</td></tr>"));
  EXPECT_THAT(page, Not(HasSubstr("<td>h8</td>")));
  for (RecordedPair& pair : record.smoke->pairs) pair.passed = false;
  page = render_report_html(record, "r");
  EXPECT_THAT(page, HasSubstr("<tr><td colspan=3>… 899 more</td></tr>"));
}

TEST(RenderReport, ShowsProgressAsACurveOfEachValueOfTheLowestRank) {
  RunRecord record = failed_run();
  EXPECT_THAT(render_report_html(record, "r"), Not(HasSubstr("<h2>Progress")));
  for (int step = 0; step < 5000; ++step)
    for (const int rank : {2, 1})
      record.events.push_back({.seconds = 10.0 + step,
                               .event = "progress",
                               .rank = rank,
                               .progress = {{"loss", rank == 1 ? 1.0 / (1 + step) : 77}, {"step", step}}});
  const std::string page = render_report_html(record, "r");
  EXPECT_THAT(page, HasSubstr("<h2>Progress"));
  EXPECT_THAT(page, HasSubstr("step</text><text x=\"0\" y=\"39\">last 4999</text><text class=dim x=\"0\" "
                              "y=\"56\">0 to 4999, rank 1</text>"));
  EXPECT_THAT(page, HasSubstr(">loss</text>"));
  EXPECT_THAT(page, Not(HasSubstr(", rank 2</text>")));
  EXPECT_LT(page.find(">step</text>"), page.find(">loss</text>"));
  EXPECT_LT(page.size(), 150'000U) << "a curve has a bounded number of points";
  EXPECT_THAT(page, Not(HasSubstr("nan")));
}

TEST(RenderReport, DrawsNoLineOfProgressAcrossARestart) {
  RunRecord record = failed_run();
  const auto add = [&](double seconds, double value) {
    record.events.push_back(
        {.seconds = seconds, .event = "progress", .rank = 0, .progress = {{"step", value}}});
  };
  const auto lines = [&] {
    const std::string page = render_report_html(record, "r");
    int count = 0;
    for (std::size_t at = page.find("<polyline"); at != std::string::npos;
         at = page.find("<polyline", at + 1))
      ++count;
    return count;
  };
  add(1, 10);
  add(2, 20);
  EXPECT_EQ(lines(), 1);
  record.events.push_back({.seconds = 3, .event = "restart"});
  record.events.push_back({.seconds = 4, .event = "restart"});
  add(5, 12345678);
  add(6, 10);
  EXPECT_EQ(lines(), 2);
  EXPECT_THAT(render_report_html(record, "r"), HasSubstr("10 to 12345678, rank 0"));
}

TEST(RenderReport, FoldsRanksThatHangAtOnePlaceAndShowsTheOddOneFirst) {
  RunRecord record = failed_run();
  for (int rank = 0; rank < 1000; ++rank)
    record.hang.push_back({.rank = rank,
                           .host = fmt::format("gn{}", rank / 8),
                           .place = rank == 77 ? "load (data.py:88)" : "all_reduce",
                           .processes = {fmt::format("{} python3", rank)}});
  EXPECT_THAT(
      render_report_html(record, "r"),
      HasSubstr("<tr><td>rank 77 on gn9</td><td>load (data.py:88)<details><summary>stacks</summary><pre>77 "
                "python3\n</pre></details></td></tr>\n"
                "<tr><td>ranks 0-76, 78-999</td><td>all_reduce<details><summary>stacks of rank 0</summary>"
                "<pre>0 python3\n</pre></details></td></tr>\n</table>"));
  for (RecordedLook& look : record.hang) look.place = std::to_string(look.rank);
  EXPECT_THAT(render_report_html(record, "r"), HasSubstr("<tr><td colspan=2>… at 936 more places</td></tr>"));
}

TEST(RenderReport, FoldsVeryManyHostsWhoseRanksEndedAlike) {
  RunRecord record{.outcome = "failure"};
  const auto add_hosts = [&](int hosts) {
    record.ranks.clear();
    for (int host = 0; host < hosts; ++host)
      record.ranks.push_back({.rank = host,
                              .host = fmt::format("gn{}", host),
                              .end = {.exit_code = host == 7 ? 1 : 0},
                              .cause = host < 3 ? RecordedCause::stopped_by_us : RecordedCause::own});
  };
  add_hosts(128);
  EXPECT_THAT(render_report_html(record, "r"), Not(HasSubstr("hosts, whose ranks")));
  add_hosts(129);
  const std::string page = render_report_html(record, "r");
  EXPECT_THAT(page, HasSubstr("<div class=\"map\">\n<div class=host><span>gn7</span>"));
  EXPECT_THAT(page, HasSubstr("<summary>125 hosts, whose ranks all ended well</summary>"));
  EXPECT_THAT(page, HasSubstr("<summary>3 hosts, whose ranks all were stopped by smlaunch</summary>"));
  EXPECT_THAT(page, HasSubstr("<span>gn128</span>"));
}

TEST(RenderReport, HasAScaleOfRoundSeconds) {
  RunRecord record = failed_run();
  record.events = {{.seconds = 150, .event = "outcome"}};
  const std::string page = render_report_html(record, "r");
  EXPECT_THAT(page, HasSubstr(">20 s</text>"));
  EXPECT_THAT(page, Not(HasSubstr(">10 s</text>")));
  EXPECT_THAT(page, Not(HasSubstr(">16 s</text>")));
}

}  // namespace
}  // namespace smlaunch
