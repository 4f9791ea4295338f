// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/report_json.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace smlaunch {
namespace {

using Json = nlohmann::json;

TEST(Report, OfASuccess) {
  Report report;
  report.ranks = Indexed<Rank, RankRecord>(1);
  report.ranks[Rank{0}].pid = 42;
  report.ranks[Rank{0}].end = RankEnd{.status = Exited{0}};
  report.ranks[Rank{0}].times.seconds = 1.23456;
  report.outcome.causes = {Cause::own};
  report.hosts = {"algo-1"};
  report.phases = {{.name = "start", .seconds = 0.0004},
                   {.name = "run", .seconds = 2, .slowest_host = "algo-1", .slowest_seconds = 1.5}};
  report.plan_hash = "abc";
  EXPECT_EQ(Json::parse(render_report(report)), Json::parse(R"({
    "schema": "smlaunch.report/1", "outcome": "success", "class": null, "exit_code": 0, "message": "",
    "first_failure": null,
    "ranks": [{"rank": 0, "host": "algo-1", "pid": 42, "exit_code": 0, "signal": null, "seconds": 1.235, "cause": "own"}],
    "phases": [{"name": "start", "seconds": 0.0}, {"name": "run", "seconds": 2.0,
      "slowest_host": "algo-1", "slowest_seconds": 1.5}],
    "plan_hash": "abc", "smoke": null, "restarts": 0, "left_running": []})"));
}

TEST(Report, OfAFailure) {
  Report report;
  report.outcome.kind = OutcomeKind::failure;
  report.outcome.failure_class = FailureClass::user_code;
  report.outcome.exit_code = 139;
  report.outcome.message = "rank 1 on algo-2 was killed";
  report.outcome.first_failure =
      FirstFailure{.rank = Rank{1},
                   .host = "algo-2",
                   .end = RankEnd{.status = Signaled{11, true}, .last_lines = {"one", "two"}},
                   .seconds = 3.5,
                   .certain = false,
                   .tied_with = {Rank{0}}};
  report.outcome.causes = {Cause::stopped_by_us, Cause::own};
  report.ranks = Indexed<Rank, RankRecord>(2);
  report.ranks[Rank{1}].end = RankEnd{.status = Signaled{11, true}};
  report.ranks[Rank{1}].times.seconds = 3.5;
  report.ranks[Rank{1}].pid = 7;
  report.ranks[Rank{1}].left_running = {{77, "rsync"}};
  report.hosts = {"algo-1", "algo-2"};
  report.smoke_json = R"({"schema": "smlaunch.smoke/1"})";
  EXPECT_EQ(Json::parse(render_report(report)), Json::parse(R"({
    "schema": "smlaunch.report/1", "outcome": "failure", "class": "user_code", "exit_code": 139,
    "message": "rank 1 on algo-2 was killed",
    "first_failure": {"rank": 1, "host": "algo-2", "exit_code": null, "signal": 11, "seconds": 3.5,
      "reason": "two", "last_lines": ["one", "two"], "certain": false, "tied_with": [0]},
    "ranks": [
      {"rank": 0, "host": "algo-1", "pid": null, "exit_code": null, "signal": null, "seconds": 0.0, "cause": "stopped_by_us"},
      {"rank": 1, "host": "algo-2", "pid": 7, "exit_code": null, "signal": 11, "seconds": 3.5, "cause": "own"}],
    "phases": [], "plan_hash": "", "smoke": {"schema": "smlaunch.smoke/1"},
    "restarts": 0, "left_running": [{"rank": 1, "pid": 77, "command": "rsync"}]})"));
}

TEST(Report, OfAJobThatWasTriedAgainAndHung) {
  Report report;
  report.outcome.kind = OutcomeKind::failure;
  report.outcome.failure_class = FailureClass::lost_host;
  report.restarts = 1;
  EarlierTry earlier;
  earlier.outcome.failure_class = FailureClass::user_code;
  earlier.outcome.exit_code = 3;
  earlier.outcome.message = "rank 1 on algo-2 exited with code 3";
  earlier.plan_hash = "abc";
  report.earlier = {earlier};
  RankState state;
  state.processes = {{.pid = 12,
                      .name = "python3",
                      .state = 'S',
                      .threads = 1,
                      .wait_channel = "futex_wait",
                      .kernel_stack = {"futex_wait_queue"},
                      .python_stack = {"train.py:1 in f"}}};
  report.outcome.hang = {{.rank = Rank{0}, .host = "algo-1", .state = state, .cores_used = 0.25},
                         {.rank = Rank{1}, .host = "algo-2", .state = {}, .cores_used = {}}};
  const Json json = Json::parse(render_report(report));
  EXPECT_EQ(json["restarts"], 1);
  EXPECT_EQ(json["earlier"], Json::parse(R"([{"class": "user_code", "exit_code": 3,
    "message": "rank 1 on algo-2 exited with code 3", "first_failure": null, "plan_hash": "abc"}])"));
  EXPECT_EQ(json["hang"], Json::parse(R"([
    {"rank": 0, "host": "algo-1", "place": "train.py:1 in f", "cores_used": 0.25, "processes": [
      {"pid": 12, "name": "python3", "state": "S", "wait_channel": "futex_wait",
       "kernel_stack": ["futex_wait_queue"], "python_stack": ["train.py:1 in f"]}]},
    {"rank": 1, "host": "algo-2", "place": null, "cores_used": null, "processes": []}])"));
}

TEST(Report, TellsWhoWaitedForWhom) {
  Report report;
  EXPECT_FALSE(Json::parse(render_report(report)).contains("hang_evidence"));
  const NamedCollective waited{.group = "default", .op = "all_reduce", .sequence = 5, .sizes = "[8] Float"};
  report.outcome.hang = {{.rank = Rank{0}, .host = "a"}, {.rank = Rank{1}, .host = "b"}};
  report.outcome.hang_seconds = 60.4;
  report.outcome.hang_evidence = {
      .waiting = {{.in = waited, .ranks = {Rank{0}}}},
      .missing = {{.rank = Rank{1}, .host = "b", .where = "load_batch"}},
      .ranks = {{.rank = Rank{0},
                 .state = "sleeping",
                 .progress = {.last_begun = waited,
                              .last_finished = NamedCollective{.group = "default", .sequence = 4},
                              .waiting_in = waited},
                 .groups = {{.last_begun = waited}},
                 .stacks = {{"a.py:1 in f"}, {}}},
                {.rank = Rank{1}, .state = "running"}},
      .sentence = "rank 1 (b) has not come"};
  EXPECT_EQ(Json::parse(render_report(report))["hang_evidence"], Json::parse(R"({"seconds": 60.4,
    "sentence": "rank 1 (b) has not come",
    "waiting": [{"group": "default", "op": "all_reduce", "sequence": 5, "sizes": "[8] Float", "ranks": [0]}],
    "missing": [{"rank": 1, "host": "b", "where": "load_batch"}],
    "ranks": [{"rank": 0, "state": "sleeping",
               "last_begun": {"group": "default", "op": "all_reduce", "sequence": 5, "sizes": "[8] Float"},
               "last_finished": {"group": "default", "op": null, "sequence": 4},
               "waiting_in": {"group": "default", "op": "all_reduce", "sequence": 5, "sizes": "[8] Float"},
               "groups": [{"last_begun": {"group": "default", "op": "all_reduce", "sequence": 5, "sizes": "[8] Float"},
                           "last_finished": null, "waiting_in": null}],
               "stacks": [["a.py:1 in f"], []]},
              {"rank": 1, "state": "running", "last_begun": null, "last_finished": null, "waiting_in": null,
               "groups": [], "stacks": []}]})"));
}

TEST(Report, TellsWhatNcclHasSaidWhereItHasAnswered) {
  Report report;
  report.outcome.hang = {{.rank = Rank{0}, .host = "a"}};
  EXPECT_FALSE(Json::parse(render_report(report))["hang_evidence"].contains("nccl"));
  report.outcome.hang_evidence.nccl = {"rank 1 (b) is late"};
  EXPECT_EQ(Json::parse(render_report(report))["hang_evidence"]["nccl"],
            Json::parse(R"(["rank 1 (b) is late"])"));
}

TEST(Report, TellsTheLastProgressAsNumbersOrWhereJsonHasNoneAsText) {
  Report report;
  report.outcome.progress =
      JobProgress{.rank = Rank{3},
                  .host = "gn02",
                  .seconds = 8,
                  .values = {{"step", 120}, {"loss", 2.5}, {"grad", NAN}, {"low", -INFINITY}},
                  .step = 120};
  report.outcome.end_seconds = 10.5;
  report.earlier.resize(2);
  report.earlier[0].outcome.progress = JobProgress{.rank = Rank{1}, .host = "a", .seconds = 1};
  const Json json = Json::parse(render_report(report));
  EXPECT_EQ(json["progress"],
            Json::parse(R"({"last": {"step": 120, "loss": 2.5, "grad": "nan", "low": "-inf"},
    "rank_of_last": 3, "host": "gn02", "seconds_ago": 2.5})"));
  EXPECT_EQ(json["earlier"][0]["progress"],
            Json::parse(R"({"last": {}, "rank_of_last": 1, "host": "a", "seconds_ago": 0.0})"));
  EXPECT_FALSE(json["earlier"][1].contains("progress"));
}

TEST(Report, TellsWhatDevicesSaidOfEachTryAndWhatOfItIsEvidence) {
  const DeviceFact fact{.host = "gn02",
                        .since = 11.25,
                        .seconds = 12.3456,
                        .event = {.kind = DeviceKind::gpu_xid, .device = "GPU 3", .text = "reported XID 79"}};
  Report report;
  report.outcome.devices = {fact};
  report.outcome.first_failure = FirstFailure{.host = "gn02", .evidence = {"12 s before, …"}};
  report.earlier.resize(1);
  report.earlier[0].outcome.devices = {fact, fact};
  const Json json = Json::parse(render_report(report));
  EXPECT_EQ(
      json["devices"],
      Json::parse(R"([{"t": 12.346, "host": "gn02", "kind": "gpu_xid", "text": "GPU 3 reported XID 79"}])"));
  EXPECT_EQ(json["first_failure"]["evidence"], Json::parse(R"(["12 s before, …"])"));
  EXPECT_EQ(json["earlier"][0]["devices"].size(), 2U);
  const Json quiet = Json::parse(render_report(Report()));
  EXPECT_FALSE(quiet.contains("devices"));
}

TEST(Report, IsUtf8WhateverRanksPrint) {
  Report report;
  report.outcome.first_failure = FirstFailure{};
  report.outcome.first_failure->not_started = "broken \xff\xfe";
  report.outcome.message = "\xc3";
  const Json json = Json::parse(render_report(report));
  EXPECT_EQ(json["first_failure"]["last_lines"][0], "broken \uFFFD\uFFFD");
  EXPECT_EQ(json["message"], "\uFFFD");
  EXPECT_TRUE(json["first_failure"]["exit_code"].is_null());
}

TEST(EventLine, IsOneLine) {
  EXPECT_EQ(render_event({.seconds = 1.23456,
                          .event = "exit",
                          .rank = 3,
                          .host = "algo-1",
                          .texts = {{"error", "two\nlines"}},
                          .numbers = {{"exit_code", 7}}}),
            R"({"t":1.235,"event":"exit","host":"algo-1","rank":3,"error":"two\nlines","exit_code":7})");
  EXPECT_EQ(render_event({.event = "start"}), R"({"t":0.0,"event":"start"})");
  EXPECT_EQ(
      render_event({.event = "progress", .rank = 0, .host = "a", .values = ProgressValues{{"step", 12}}}),
      R"({"t":0.0,"event":"progress","host":"a","rank":0,"values":{"step":12}})");
}

// Two hosts with two ranks each: rank 3 fails, and torchrun ends rank 2; then we end the torchrun of the other host.
Report of_torchrun() {
  Report report;
  report.outcome.kind = OutcomeKind::failure;
  report.outcome.first_failure =
      FirstFailure{.rank = Rank{3}, .host = "b", .end = RankEnd{.status = Exited{7}}};
  report.outcome.causes = {Cause::stopped_by_us, Cause::own};
  report.hosts = {"a", "b"};
  report.shares = {{Rank{0}, 2}, {Rank{2}, 2}};
  report.ranks = Indexed<Rank, RankRecord>(2);
  RankRecord& first = report.ranks[Rank{0}];
  first.pid = 10;
  first.end = RankEnd{.status = Signaled{15, false}};
  first.times.seconds = 9;
  first.of_starter[Rank{0}] = {.pid = 11, .has_ended = true, .status = Signaled{15, false}, .seconds = 8};
  first.of_starter[Rank{1}] = {.pid = 12, .has_ended = true, .status = Exited{0}, .seconds = 2};
  RankRecord& second = report.ranks[Rank{1}];
  second.pid = 20;
  second.end = RankEnd{.status = Exited{1}};
  second.times.seconds = 7;
  second.of_starter[Rank{2}] = {.pid = 21, .has_ended = true, .status = Signaled{15, false}, .seconds = 6.5};
  second.of_starter[Rank{3}] = {.pid = 22, .has_ended = true, .status = {}, .seconds = 6};
  return report;
}

TEST(Report, UnderTorchrunListsTheRanksAndTheStartersByThemselves) {
  const Json json = Json::parse(render_report(of_torchrun()));
  EXPECT_EQ(json["ranks"], Json::parse(R"([
    {"rank": 0, "host": "a", "pid": 11, "exit_code": null, "signal": 15, "seconds": 8.0, "cause": "stopped_by_us"},
    {"rank": 1, "host": "a", "pid": 12, "exit_code": 0, "signal": null, "seconds": 2.0, "cause": "own"},
    {"rank": 2, "host": "b", "pid": 21, "exit_code": null, "signal": 15, "seconds": 6.5, "cause": "collateral"},
    {"rank": 3, "host": "b", "pid": 22, "exit_code": 7, "signal": null, "seconds": 6.0, "cause": "own"}])"));
  EXPECT_EQ(json["starters"], Json::parse(R"([
    {"host": "a", "pid": 10, "exit_code": null, "signal": 15, "seconds": 9.0, "cause": "stopped_by_us", "first_rank": 0},
    {"host": "b", "pid": 20, "exit_code": 1, "signal": null, "seconds": 7.0, "cause": "own", "first_rank": 2}])"));
  EXPECT_FALSE(Json::parse(render_report(Report())).contains("starters"));
}

TEST(Report, UnderTorchrunARankThatNobodyHasHeardOfIsListedAllTheSame) {
  Report report = of_torchrun();
  report.outcome = {};
  report.outcome.causes = {Cause::own, Cause::own};
  for (RankRecord& record : report.ranks) record.of_starter.clear();
  report.ranks[Rank{0}].end = RankEnd{.status = Exited{0}};
  report.ranks[Rank{1}].end.reset();
  const Json json = Json::parse(render_report(report));
  EXPECT_EQ(json["ranks"][1], Json::parse(R"({"rank": 1, "host": "a", "pid": null, "exit_code": 0,
    "signal": null, "seconds": 9.0, "cause": "own"})"));
  EXPECT_EQ(json["ranks"][2], Json::parse(R"({"rank": 2, "host": "b", "pid": null, "exit_code": null,
    "signal": null, "seconds": 7.0, "cause": "own"})"));
}

TEST(Report, UnderTorchrunARankThatMayHaveFailedFirstHasACauseOfItsOwn) {
  Report report = of_torchrun();
  report.outcome.first_failure->tied_with = {Rank{2}};
  EXPECT_EQ(Json::parse(render_report(report))["ranks"][2]["cause"], "own");
}

TEST(Report, UnderTorchrunALeftProcessIsThatOfTheRankWhichItNamesIfThatIsOneOfTheHosts) {
  Report report = of_torchrun();
  report.ranks[Rank{1}].left_running = {{71, "a", 3}, {72, "b", 1}, {73, "c"}};
  EXPECT_EQ(Json::parse(render_report(report))["left_running"], Json::parse(R"([
    {"rank": 3, "pid": 71, "command": "a"}, {"rank": 2, "pid": 72, "command": "b"},
    {"rank": 2, "pid": 73, "command": "c"}])"));
}

}  // namespace
}  // namespace smlaunch
