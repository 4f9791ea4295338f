// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/plan_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/digest.hpp"
#include "tests/launcher/plan/small_job.hpp"

namespace smlaunch {
namespace {

using nlohmann::json;
using testing::ElementsAre;

json printed(const LaunchPlan& plan) { return json::parse(render_plan_json(plan)); }

std::vector<std::string> keys(const json& object) {
  std::vector<std::string> all;
  for (const auto& [key, value] : object.items()) all.push_back(key);
  return all;
}

TEST(PlanJson, HasTheKeysThatWerePromised) {
  const json plan = printed(SmallJob(2, 1, {1, 4, 1, {0}, {0}}).plan());
  EXPECT_THAT(keys(plan),
              ElementsAre("command", "current_host", "engine", "entry_point", "environment", "hash", "hosts",
                          "launcher", "leader", "master_port", "network_interface", "process_command",
                          "ranks", "schema", "smoke", "sources", "warnings", "world_size"));
  EXPECT_EQ(plan["schema"], "smlaunch.plan/1");
  EXPECT_THAT(keys(plan["entry_point"]), ElementsAre("arguments", "kind", "name", "working_directory"));
  EXPECT_THAT(keys(plan["hosts"][0]),
              ElementsAre("gpus", "group", "instance_type", "name", "node_rank", "ranks", "topology"));
  EXPECT_THAT(keys(plan["ranks"][0]), ElementsAre("cpus", "environment", "gpu", "host", "local_rank", "nic",
                                                  "node_rank", "numa", "rank", "why"));
  EXPECT_EQ(plan["ranks"][0]["gpu"],
            (json{{"index", 0}, {"model", "NVIDIA H200"}, {"pci", "0000:10:00.0"}, {"uuid", "GPU-0"}}));
  EXPECT_EQ(plan["ranks"][0]["nic"], (json{{"name", "mlx5_0"}, {"path", "PIX"}}));
  EXPECT_EQ(plan["ranks"][0]["numa"], json::array({0}));
  EXPECT_EQ(plan["ranks"][0]["cpus"], "0-3");
}

TEST(PlanJson, HasNullForThingsThatAreNotThere) {
  SmallJob job(1, 2);
  job.spec.bind = BindPolicy::none;
  const json plan = printed(job.plan());
  EXPECT_TRUE(plan["master_port"].is_null());
  EXPECT_TRUE(plan["smoke"].is_null());
  EXPECT_EQ(plan["sources"]["smoke"], job.plan().smoke_reason);
  EXPECT_TRUE(plan["ranks"][0]["gpu"].is_null());
  EXPECT_TRUE(plan["ranks"][0]["nic"].is_null());
  EXPECT_TRUE(plan["ranks"][0]["numa"].is_null());
  EXPECT_EQ(plan["ranks"][0]["cpus"], "");
}

TEST(PlanJson, CountsGpusAsCudaDoes) {
  SmallJob job(1, 2, {1, 4, 1, {0, 0, 0}, {}});
  Machine machine = *job.cluster.hosts[{0}].machine;
  machine.gpus[0].usable = false;
  job.cluster.hosts[{0}].machine = std::make_shared<const Machine>(machine);
  const json plan = printed(job.plan());
  EXPECT_EQ(plan["hosts"][0]["gpus"], 2);
  EXPECT_EQ(plan["ranks"][0]["gpu"]["index"], 0);
  EXPECT_EQ(plan["ranks"][0]["gpu"]["uuid"], "GPU-1");
  EXPECT_EQ(plan["ranks"][1]["gpu"]["index"], 1);
}

// Anyone recomputes the hash from sorted keys: what a host gives and what a rank is given stand in one order.
TEST(PlanJson, SortsTheKeysOfEveryObject) {
  SmallJob mpi(2, 2);
  mpi.environment.native_framework = Framework::tensorflow;
  mpi.environment.distribution_instance_groups = {""};
  mpi.environment.sagemaker_hyperparameters = {
      PyDict{{"sagemaker_multi_worker_mirrored_strategy_enabled", {true}}}};
  SmallJob xla(2, 1, {1, 4, 1, {0}, {}});
  xla.spec.launcher = LauncherKind::xla;
  for (SmallJob* job : {&mpi, &xla}) {
    const std::string text = render_plan_json(job->plan());
    EXPECT_EQ(json::parse(text).dump() + "\n", text);
  }
  const json environment = printed(mpi.plan())["ranks"][3]["environment"];
  EXPECT_EQ(environment["CURRENT_HOST"], "algo-2");
  EXPECT_TRUE(environment.contains("TF_CONFIG"));
  EXPECT_EQ(printed(xla.plan())["ranks"][1]["environment"]["XRT_HOST_ORDINAL"], "1");
}

TEST(PlanJson, ShowsTheSmokeTest) {
  LaunchPlan plan = SmallJob(2, 1).plan();
  plan.smoke = SmokePlan{"mpi-cpu", 64L << 20, 120, {"mpirun", "smlaunch-check"}};
  EXPECT_EQ(printed(plan)["smoke"], (json{{"backend", "mpi-cpu"},
                                          {"bytes", 67108864},
                                          {"timeout_seconds", 120},
                                          {"command", {"mpirun", "smlaunch-check"}}}));
  EXPECT_FALSE(printed(plan)["sources"].contains("smoke"));
}

TEST(PlanJson, JoinsWhatSeveralSourcesSayOfOneValue) {
  LaunchPlan plan = SmallJob(1, 1).plan();
  plan.sources = {{"bind", "default"}, {"bind", "switched off"}};
  EXPECT_EQ(printed(plan)["sources"]["bind"], "default; switched off");
}

TEST(PlanJson, LetsTheUsersVariableStandInsteadOfOurs) {
  SmallJob job(2, 1);
  job.mpi_options = {"-x", "NCCL_DEBUG=WARN", "-x", "MY_TOKEN=abc"};
  const json plan = printed(job.plan());
  EXPECT_EQ(plan["environment"]["NCCL_DEBUG"], "WARN");
  EXPECT_EQ(plan["environment"]["MY_TOKEN"], "<redacted>");
}

TEST(PlanJson, HoldsNoSecretInSourcesAndWarnings) {
  LaunchPlan plan = SmallJob(1, 1).plan();
  plan.user_variables["MY_TOKEN"] = "abcdef";
  plan.sources.emplace_back("mpi_options", "--odd abcdef");
  plan.warnings.emplace_back("abcdef is ignored");
  const json shown = printed(plan);
  EXPECT_EQ(shown["sources"]["mpi_options"], "--odd <redacted>");
  EXPECT_EQ(shown["warnings"], json::array({"<redacted> is ignored"}));
}

TEST(PlanJson, IsJsonWhateverBytesTheArgumentsHold) {
  SmallJob job(1, 1);
  job.environment.entry_point.arguments = {"--name", "caf\xe9"};
  EXPECT_EQ(printed(job.plan())["entry_point"]["arguments"][1], "caf\ufffd");
}

// What is many gigabytes in all is named, not shown; what is short stays.
TEST(PlanJson, NamesLongVariablesOfHostsWhereTheyWouldFillGigabytes) {
  SmallJob job(300, 8);
  PyList names;
  for (const std::string& name : job.environment.hosts) names.push_back({name + std::string(100, 'x')});
  job.environment.resource_config = {PyDict{{"hosts", {names}}}};
  const json plan = printed(job.plan());
  const json& environment = plan["ranks"][2399]["environment"];
  EXPECT_EQ(environment["SM_RESOURCE_CONFIG"], "<each host's own>");
  EXPECT_EQ(environment["SM_TRAINING_ENV"], "<each host's own>");
  EXPECT_EQ(environment["SM_CURRENT_HOST"], "algo-300");

  const json few = printed(SmallJob(2, 8).plan());
  EXPECT_EQ(few["ranks"][8]["environment"]["SM_RESOURCE_CONFIG"], R"({"current_host":"algo-2","hosts":[]})");
}

TEST(PlanHash, IsTheSameOnEveryHost) {
  SmallJob first(2, 2);
  SmallJob second(2, 2);
  second.environment.current_host = "algo-2";
  second.environment.is_leader = false;
  second.spec.sources.emplace_back("hosts", "another file");
  const LaunchPlan here = first.plan();
  const LaunchPlan there = second.plan();
  EXPECT_NE(render_plan_json(here), render_plan_json(there));
  EXPECT_EQ(here.hash, there.hash);
}

TEST(PlanHash, ChangesWithTheProgramThatIsStarted) {
  const std::string before = SmallJob(2, 2).plan().hash;
  EXPECT_EQ(before.size(), 64U);
  SmallJob job(2, 2);
  job.environment.entry_point.arguments = {"--lr", "0.1"};
  EXPECT_NE(job.plan().hash, before);
  EXPECT_NE(SmallJob(2, 3).plan().hash, before);
  EXPECT_NE(SmallJob(2, 2, {1, 8, 1, {}, {}}).plan().hash, before);
}

}  // namespace
}  // namespace smlaunch
