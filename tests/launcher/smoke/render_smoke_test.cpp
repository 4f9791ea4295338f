// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/render_smoke.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/launcher/smoke/pretended_set.hpp"

namespace smlaunch {
namespace {

using Json = nlohmann::ordered_json;
using testing::HasSubstr;

SmokeReport report_of_pass() {
  SmokeReport report;
  report.verdict = SmokeVerdict::pass;
  report.backend = cpu_backend;
  report.evidence = "mpi-cpu; NCCL NOT RUN";
  report.hosts = {"algo-1", "algo-2"};
  report.ranks = 4;
  report.bytes = 64L << 20;
  report.p50_seconds = 0.25;
  report.max_seconds = 0.5;
  report.algbw_gbps = 0.268435456;
  report.busbw_gbps = 0.402653184;
  report.library = LibraryFacts{"/usr/lib/libmpi.so.40", "Open MPI 4.1.4", "0f1e"};
  for (const SmokeStage stage : all_smoke_stages) report.stages.push_back({stage, 0.5, {}});
  report.reason = "every element right on 4 ranks";
  report.seconds = 1.25;
  return report;
}

TEST(RenderSmoke, JsonHasTheContractsKeysAndNoOthersWherePlain) {
  const Json json = Json::parse(render_smoke_json(report_of_pass()));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"schema", "verdict", "backend", "evidence", "ranks", "hosts",
                                            "bytes", "time_us", "algbw_gbps", "busbw_gbps", "wrong_elements",
                                            "nccl", "stages", "suspects", "reason", "mpi"}));
  EXPECT_EQ(json["schema"], "smlaunch.smoke/1");
  EXPECT_EQ(json["verdict"], "pass");
  EXPECT_EQ(json["evidence"], "mpi-cpu; NCCL NOT RUN");
  EXPECT_EQ(json["hosts"], 2);
  EXPECT_EQ(json["time_us"], (Json{{"p50", 250000.0}, {"max", 500000.0}}));
  EXPECT_EQ(json["busbw_gbps"], 0.403);
  EXPECT_TRUE(json["nccl"].is_null());
  EXPECT_EQ(json["stages"][8],
            (Json{{"name", "verified"}, {"seconds", 0.5}, {"missing_ranks", Json::array()}}));
}

TEST(RenderSmoke, JsonOfNcclNamesItsLibrary) {
  SmokeReport report = report_of_pass();
  report.backend = nccl_backend;
  report.evidence = "multi-host nccl";
  report.library = LibraryFacts{"/x/libnccl.so.2", "2.28.9", "0f1e"};
  const Json json = Json::parse(render_smoke_json(report));
  EXPECT_EQ(json["nccl"], (Json{{"path", "/x/libnccl.so.2"}, {"version", "2.28.9"}, {"build_id", "0f1e"}}));
  EXPECT_FALSE(json.contains("mpi"));
}

TEST(RenderSmoke, JsonOfAFailureSaysWhoAndWhatWasInjected) {
  SmokeReport report = report_of_pass();
  report.verdict = SmokeVerdict::fail;
  report.p50_seconds = report.max_seconds = report.algbw_gbps = report.busbw_gbps = std::nullopt;
  report.injected = "hang:rank=3";
  report.stages[4] = {SmokeStage::communicator_called, 0.5, {3}};
  report.suspects = {
      {.subject = SuspectSubject::rank,
       .name = "3",
       .evidence = "on algo-2: did not come",
       .nodes = {NodeRank{1}}},
      {.name = "algo-1", .evidence = "slow", .confidence = Confidence::low, .nodes = {NodeRank{0}}}};
  const Json json = Json::parse(render_smoke_json(report));
  EXPECT_EQ(json["injected"], "hang:rank=3");
  EXPECT_EQ(json["time_us"], (Json{{"p50", nullptr}, {"max", nullptr}}));
  EXPECT_EQ(json["stages"][4]["missing_ranks"], (Json{3}));
  EXPECT_EQ(json["suspects"],
            Json::parse(R"([{"subject": "rank", "name": "3", "evidence": "on algo-2: did not come",
                             "confidence": "high", "host": "algo-2"},
                            {"subject": "host", "name": "algo-1", "evidence": "slow", "confidence": "low"}])"));
}

TEST(RenderSmoke, TheSentenceNeverHidesWhatWasNotRun) {
  EXPECT_EQ(render_smoke_sentence(report_of_pass()),
            "smoke test: pass (mpi-cpu; NCCL NOT RUN), 4 ranks on 2 hosts, 64 MiB, busbw 0.403 GB/s, 1.2 s");
  SmokeReport report = report_of_pass();
  report.injected = "double:rank=1";
  report.verdict = SmokeVerdict::fail;
  report.reason = "because";
  EXPECT_EQ(render_smoke_sentence(report),
            "smoke test: fail (mpi-cpu; NCCL NOT RUN) WITH A FAULT INJECTED: double:rank=1, 4 ranks on 2 "
            "hosts, 64 MiB, busbw 0.403 GB/s, 1.2 s: because");
}

TEST(RenderSmoke, TheTextIsATable) {
  SmokeReport report = report_of_pass();
  report.verdict = SmokeVerdict::fail;
  report.reason = "rank 3 (algo-2) is gone";
  report.warnings = {"algo-1: masked"};
  report.suspects = {
      {.subject = SuspectSubject::rank, .name = "3", .evidence = "on algo-2: gone", .nodes = {NodeRank{1}}}};
  report.pairs = {{.units = {TestedUnit{0}, TestedUnit{1}}, .busbw_gbps = 0.5}};
  report.stages.erase(report.stages.begin() + 2, report.stages.end());
  report.stages[1].missing_ranks = {1, 3};
  EXPECT_EQ(render_smoke(report),
            R"(smoke test   fail (mpi-cpu; NCCL NOT RUN)
ranks        4 on 2 hosts, 64 MiB each
time         p50 250.00 ms, max 500.00 ms; algbw 0.268 GB/s, busbw 0.403 GB/s; speed is not judged on the CPU
library      Open MPI 4.1.4 /usr/lib/libmpi.so.40 (build 0f1e)
stages       spawned 0.50 s, library loaded (2 of 4, without 1,3)
reason       rank 3 (algo-2) is gone
warning      algo-1: masked

suspect  name confidence evidence
rank     3    high       on algo-2: gone

pair         algo-1 algo-2: 0.5 GB/s
)");
}

TEST(RenderSmoke, HostfilesHaveSlots) {
  SmokeReport report = report_of_pass();
  EXPECT_EQ(render_hostfile({"algo-2", "algo-1"}, report, {8, 4}), "algo-2 slots=4\nalgo-1 slots=8\n");
}

TEST(RenderSmoke, ThePictureHasACellForEachTestedPair) {
  SmokeReport report = report_of_pass();
  report.hosts = {"algo-1", "a<b&c", "algo-3"};
  report.pairs = {{.units = {TestedUnit{0}, TestedUnit{1}}, .busbw_gbps = 0.5},
                  {.units = {TestedUnit{0}, TestedUnit{2}}, .trouble = GroupTrouble::no_answer}};
  const std::string svg = render_matrix_svg(report);
  EXPECT_THAT(svg, HasSubstr("<title>algo-1 a&lt;b&amp;c: 0.5 GB/s</title>"));
  EXPECT_THAT(svg, HasSubstr("<title>algo-1 algo-3: no answer in time</title>"));
  EXPECT_THAT(svg, HasSubstr("2 pairs of 3"));
  EXPECT_THAT(svg, HasSubstr("#c0392b"));
  EXPECT_EQ(svg.find("a<b"), std::string::npos);
}

}  // namespace
}  // namespace smlaunch
