// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/ready_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace smlaunch {
namespace {

TEST(ReadyJson, HasTheKeysOfItsSchemaAndNoOthers) {
  RemoteReport report;
  report.seconds = 1.23456;
  report.hosts.resize(2);
  report.hosts[0].name = "algo-1";
  report.hosts[0].state = ReadyState::ready;
  report.hosts[0].stage = ReadyStage::smlaunch;
  report.hosts[0].seconds = 0.25;
  report.hosts[0].answer = "smlaunch 1.2.3 with something private";
  report.hosts[1].name = "algo-2";
  report.hosts[1].stage = ReadyStage::banner;
  report.hosts[1].cause = {.trouble = HostTrouble::no_banner};
  report.hosts[1].remedy = "look there";
  report.hosts[1].seconds = 1.23456;
  const auto expected = nlohmann::json::parse(R"({
    "schema": "smlaunch.ready/1", "ready": false, "seconds": 1.235, "hosts": [
      {"name": "algo-1", "state": "ready", "stage": "smlaunch", "cause": "", "remedy": "", "seconds": 0.25},
      {"name": "algo-2", "state": "waiting", "stage": "banner", "cause": "no SSH banner",
       "remedy": "look there", "seconds": 1.235}]})");
  EXPECT_EQ(nlohmann::json::parse(render_ready_json(report)), expected);
}

TEST(ReadyJson, IsAnEmptyListWithoutHosts) {
  RemoteReport report;
  report.ready = true;
  EXPECT_EQ(
      nlohmann::json::parse(render_ready_json(report)),
      nlohmann::json::parse(R"({"schema": "smlaunch.ready/1", "ready": true, "seconds": 0.0, "hosts": []})"));
}

TEST(ReadyJson, SurvivesANameThatIsNotUtf8) {
  RemoteReport report;
  report.hosts.resize(1);
  report.hosts[0].name = "a\xff";
  EXPECT_EQ(nlohmann::json::parse(render_ready_json(report))["hosts"][0]["name"], "a\xef\xbf\xbd");
}

}  // namespace
}  // namespace smlaunch
