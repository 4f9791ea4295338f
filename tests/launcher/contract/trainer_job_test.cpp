// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/trainer_job.hpp"

#include <gtest/gtest.h>

#include "launcher/contract/process_counts.hpp"
#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

constexpr const char* three_hosts =
    R"({"current_host": "algo-2", "hosts": ["algo-10", "algo-1", "algo-2"], "network_interface_name": "ethwe",
        "current_instance_type": "ml.p5.48xlarge", "current_group_name": "homogeneousCluster", "instance_groups":
        [{"instance_group_name": "homogeneousCluster", "instance_type": "ml.p5.48xlarge",
          "hosts": ["algo-10", "algo-1", "algo-2"]}]})";
constexpr const char* script =
    R"({"source_dir": "src", "requirements": "requirements.txt", "entry_script": "train.py", "command": null,
        "args": null, "ignore_patterns": [".git"]})";

class TrainerContainer : public Container {
 public:
  explicit TrainerContainer(const std::string& source_code = script, const std::string& distributed = "{}",
                            const std::string& hyperparameters = "{}")
      : Container(hyperparameters, three_hosts) {
    write("input/data/sm_drivers/sourcecode.json", source_code);
    write("input/data/sm_drivers/distributed.json", distributed);
    write("input/data/code/train.py", "");
    write("input/config/inputdataconfig.json", R"({"code": {}, "sm_drivers": {}})");
  }
  [[nodiscard]] std::string drivers() const { return (path() / "input/data/sm_drivers").native(); }
};

TEST(TrainerJob, IsNoneWithoutItsDrivers) {
  Container container(R"({"sagemaker_program": "train.py"})");
  EXPECT_EQ(container.environment().trainer, nullptr);
  EXPECT_FALSE(sm_variables(container.environment()).contains("SM_MASTER_ADDR"));
}

TEST(TrainerJob, RunsTheEntryScriptFromItsChannelWhateverTheImageNames) {
  TrainerContainer container;
  container.request.variables = {{"SAGEMAKER_PROGRAM", "other.py"},
                                 {"SAGEMAKER_TRAINING_MODULE", "sagemaker_pytorch_container.training:main"}};
  container.write("input/data/code/setup.py", "");
  const Environment environment = container.environment();
  EXPECT_EQ(environment.entry_point.name, "train.py");
  EXPECT_EQ(environment.entry_point.kind, EntryPointKind::python_program);
  EXPECT_EQ(environment.entry_point.working_directory, container.path() / "input/data/code");
  EXPECT_EQ(environment.paths.code, container.path() / "input/data/code");
  EXPECT_EQ(environment.module_dir, environment.paths.code.native());
  EXPECT_EQ(environment.native_framework, Framework::none);
  EXPECT_EQ(environment.program_source, "entry_script of " + container.drivers() + "/sourcecode.json");
}

TEST(TrainerJob, GivesAllHyperparametersInTheirOrderAsTheDriversDo) {
  const TrainerContainer container(
      script, "{}",
      R"({"zeta": "1e3", "e": "true", "list": "[1, 2]", "map": "{\"b\": 1, \"a\": null}", "text": "a b",
          "sagemaker_program": "other.py", "none": "null"})");
  const std::vector<std::string> expected = {"--zeta",
                                             "1000.0",
                                             "--e",
                                             "true",
                                             "--list",
                                             "[1, 2]",
                                             "--map",
                                             "{\"b\": 1, \"a\": null}",
                                             "--text",
                                             "a b",
                                             "--sagemaker_program",
                                             "other.py",
                                             "--none",
                                             "null"};
  EXPECT_EQ(container.environment().entry_point.arguments, expected);
}

TEST(TrainerJob, ChoosesTheLauncherOfItsDistribution) {
  const std::pair<const char*, LauncherKind> cases[] = {
      {"{}", LauncherKind::process},
      {R"({"process_count_per_node": null, "smp": null})", LauncherKind::torchrun},
      {R"({"process_count_per_node": 2, "mpi_additional_options": null})", LauncherKind::mpi},
      {R"({"process_count_per_node": 2, "mpi_additional_options": null, "launcher": "torchrun"})",
       LauncherKind::torchrun},
      {R"({"process_count_per_node": 2, "mpi_additional_options": null, "launcher": "auto"})",
       LauncherKind::ddp},
  };
  for (const auto& [distributed, kind] : cases)
    EXPECT_EQ(choose_launcher(TrainerContainer(script, distributed).environment()).kind, kind) << distributed;
  const TrainerContainer container(script, R"({"process_count_per_node": 2, "smp": null})");
  EXPECT_EQ(choose_launcher(container.environment()).source,
            "Torchrun of " + container.drivers() + "/distributed.json");
}

TEST(TrainerJob, AHyperparameterComesBeforeItsDistribution) {
  const TrainerContainer container(
      script, R"({"process_count_per_node": 2, "smp": null})",
      R"({"sagemaker_mpi_enabled": "true", "sagemaker_mpi_num_of_processes_per_host": "4"})");
  const Environment environment = container.environment();
  EXPECT_EQ(choose_launcher(environment).kind, LauncherKind::mpi);
  EXPECT_EQ(parse_process_counts(environment, LauncherKind::mpi)->per_host, 4);
}

TEST(TrainerJob, CountsTheProcessesOfItsDistribution) {
  const auto counts = [](const char* distributed) {
    const TrainerContainer container(script, distributed);
    return parse_process_counts(container.environment(), LauncherKind::torchrun);
  };
  EXPECT_EQ(counts(R"({"process_count_per_node": 2})")->per_host, 2);
  EXPECT_EQ(counts(R"({"process_count_per_node": null})")->per_host, std::nullopt);
  EXPECT_EQ(counts(R"({"process_count_per_node": 0})")->per_host, std::nullopt);
  EXPECT_EQ(counts(R"({"process_count_per_node": -1})").error().problems.front().what,
            "must be a whole number above 0, not -1");
}

TEST(TrainerJob, TakesEachMpiOptionForOneWord) {
  const auto options = [](const char* distributed) {
    return trainer_mpi_options(*TrainerContainer(script, distributed).environment().trainer);
  };
  EXPECT_EQ(**options(R"({"mpi_additional_options": ["-x", "A=b c"]})"),
            (std::vector<std::string>{"-x", "A=b c"}));
  EXPECT_EQ(*options(R"({"mpi_additional_options": null})"), std::nullopt);
  EXPECT_FALSE(options(R"({"mpi_additional_options": "-x A"})"));
  EXPECT_FALSE(options(R"({"mpi_additional_options": [1]})"));
}

TEST(TrainerJob, RunsACommandByAShellUnlessItStartsUsAgain) {
  const char* torchrun =
      R"({"entry_script": null, "command": "torchrun train.py", "args": ["a b", 2, 0.5], "requirements": null})";
  const Environment environment =
      TrainerContainer(torchrun, R"({"process_count_per_node": 2, "smp": null})").environment();
  EXPECT_EQ(environment.entry_point.name, "/bin/bash");
  EXPECT_EQ(environment.entry_point.arguments,
            (std::vector<std::string>{"-c", "torchrun train.py \"$@\"", "bash", "a b", "2", "0.5"}));
  EXPECT_EQ(choose_launcher(environment).kind, LauncherKind::process);
  for (const char* command : {"smlaunch", "/usr/local/bin/smlaunch --smoke off", "NAME=1 smlaunch", "train",
                              "cd src && exec smlaunch", "nvidia-smi; smlaunch"}) {
    const std::string source =
        std::string(R"({"entry_script": "train.py", "command": ")") + command + R"(", "args": null})";
    EXPECT_EQ(TrainerContainer(source).environment().entry_point.name, "train.py") << command;
  }
}

TEST(TrainerJob, ACommandThatOnlyNamesAFolderLikeUsIsACommand) {
  for (const char* command : {"cd smlaunch && python3 train.py", "echo smlaunch", "bash train"}) {
    const std::string source = std::string(R"({"command": ")") + command + R"("})";
    EXPECT_EQ(TrainerContainer(source).environment().trainer->command, command);
  }
}

TEST(TrainerJob, ACommandHasOneBlankBetweenItsWordsAsTheSdkWritesIt) {
  EXPECT_EQ(TrainerContainer(R"({"command": " echo  a\n b\t"})").environment().trainer->command, "echo a b");
}

TEST(TrainerJob, AValueIsDecodedTwiceForAnArgumentAsByTheDrivers) {
  const Environment environment =
      TrainerContainer(script, "{}", R"({"a": "\"1e3\"", "b": "\"\\\"x\\\"\"", "c": "\"[1]\""})")
          .environment();
  EXPECT_EQ(environment.entry_point.arguments,
            (std::vector<std::string>{"--a", "1000.0", "--b", "x", "--c", "[1]"}));
  EXPECT_EQ(sm_variables(environment).at("SM_HP_A"), "1e3");
}

TEST(TrainerJob, ItsLogLevelIsThatOfTheContainerAndOfNoHyperparameter) {
  TrainerContainer container(script, "{}", R"({"sagemaker_container_log_level": "30"})");
  EXPECT_EQ(sm_variables(container.environment()).at("SM_LOG_LEVEL"), "20");
  container.request.variables = {{"SM_LOG_LEVEL", "10"}};
  EXPECT_EQ(sm_variables(container.environment()).at("SM_LOG_LEVEL"), "10");
}

TEST(TrainerJob, AProgramBehindTheDashesIsTakenFromTheCodeWhereItIsNotHere) {
  TrainerContainer container(script, R"({"process_count_per_node": 2, "smp": null})", R"({"lr": "0.1"})");
  container.request.given_entry_point = {"train.py", {"--x", "1"}};
  Environment environment = container.environment();
  EXPECT_EQ(environment.entry_point.working_directory, container.path() / "input/data/code");
  EXPECT_EQ(environment.entry_point.arguments, (std::vector<std::string>{"--x", "1"}));
  EXPECT_EQ(choose_launcher(environment).kind, LauncherKind::torchrun);
  container.write("train.py", "");
  EXPECT_EQ(container.environment().entry_point.working_directory, container.path());
}

TEST(TrainerJob, HasTheSdksVariablesBesideTheToolkits) {
  const TrainerContainer container(script, R"({"process_count_per_node": 2, "smp": null})",
                                   R"({"batch-size": "32", "names": "[\"a\", \"b\"]"})");
  const Variables variables = sm_variables(container.environment());
  const std::string base = container.path().native();
  const Variables expected = {
      {"SM_CHANNELS", R"(["code", "sm_drivers"])"},
      {"SM_CHANNEL_CODE", base + "/input/data/code"},
      {"SM_CURRENT_HOST", "algo-2"},
      {"SM_CURRENT_HOST_RANK", "2"},
      {"SM_DISTRIBUTED_CONFIG", R"({"process_count_per_node": 2, "smp": null})"},
      {"SM_DISTRIBUTED_DRIVER_DIR", base + "/input/data/sm_drivers/distributed_drivers"},
      {"SM_ENTRY_SCRIPT", "train.py"},
      {"SM_HOSTS", R"(["algo-1", "algo-10", "algo-2"])"},
      {"SM_HOST_COUNT", "3"},
      {"SM_HPS", R"({"batch-size": 32, "names": ["a", "b"]})"},
      {"SM_HP_BATCH-SIZE", "32"},
      {"SM_HP_BATCH_SIZE", "32"},
      {"SM_HP_NAMES", R"(["a", "b"])"},
      {"SM_INPUT_DATA_DIR", base + "/input/data"},
      {"SM_LOG_LEVEL", "20"},
      {"SM_MASTER_ADDR", "algo-1"},
      {"SM_MASTER_PORT", "7777"},
      {"SM_MODULE_DIR", base + "/input/data/code"},
      {"SM_NETWORK_INTERFACE_NAME", "ethwe"},
      {"SM_OUTPUT_FAILURE", base + "/output/failure"},
      {"SM_SOURCE_DIR", base + "/input/data/code"},
      {"SM_USER_ENTRY_POINT", "train.py"},
  };
  for (const auto& [name, value] : expected) {
    ASSERT_TRUE(variables.contains(name)) << name;
    EXPECT_EQ(variables.at(name), value) << name;
  }
  const auto training_env = parse_python_json(variables.at("SM_TRAINING_ENV"));
  ASSERT_TRUE(training_env);
  EXPECT_EQ(*training_env->find("master_addr")->string(), "algo-1");
  EXPECT_EQ(*training_env->find("hyperparameters"), *parse_python_json(variables.at("SM_HPS")));
}

TEST(TrainerJob, EachHostHasItsOwnRank) {
  const TrainerContainer container;
  const Environment environment = container.environment();
  const HostVariables hosts(environment);
  EXPECT_EQ(hosts.all("algo-10", 8, 96).at("SM_CURRENT_HOST_RANK"), "1");
  EXPECT_EQ(hosts.brief("algo-10", 8, 96).at("SM_CURRENT_HOST_RANK"), "1");
  EXPECT_NE(hosts.all("algo-10", 8, 96).at("SM_TRAINING_ENV").find(R"("current_host": "algo-10")"),
            std::string::npos);
  EXPECT_EQ(environment.distribution_hosts, (std::vector<std::string>{"algo-1", "algo-10", "algo-2"}));
  EXPECT_EQ(environment.leader, "algo-1");
  EXPECT_FALSE(environment.is_leader);
}

TEST(TrainerJob, WhatIsWrongInItsFilesIsNamed) {
  EXPECT_EQ(TrainerContainer(R"({"entry_script": 7})").problems(),
            "BASE/input/data/sm_drivers/sourcecode.json: entry_script: must be text, not 7");
  EXPECT_EQ(TrainerContainer(script, "[1]").problems(),
            "BASE/input/data/sm_drivers/distributed.json: must be an object, not a list");
}

TEST(TrainerJob, KnowsWhetherTheSdksScriptHasStartedUs) {
  TrainerContainer container;
  EXPECT_FALSE(container.environment().trainer->is_prepared);
  EXPECT_EQ(container.environment().trainer->requirements, "requirements.txt");
  container.request.variables = {{"SM_SOURCE_DIR", "/opt/ml/input/data/code"}};
  EXPECT_TRUE(container.environment().trainer->is_prepared);
  container.request.variables["SM_LOG_LEVEL"] = "20";
  EXPECT_EQ(container.environment().trainer->log_level, std::nullopt) << "the script's own";
  container.request.variables["SM_LOG_LEVEL"] = "10";
  EXPECT_EQ(container.environment().trainer->log_level, "10");
}

TEST(TrainerJob, KnowsTheArchiveThatItsSourceFolderIs) {
  TrainerContainer container(R"({"source_dir": "s3://bucket/a/src.tar.gz", "entry_script": "train.py"})");
  const std::filesystem::path code = container.path() / "input/data/code";
  EXPECT_EQ(container.environment().trainer->archive, code / "src.tar.gz");
  EXPECT_EQ(container.environment().module_dir, code.native());
  container.request.variables = {{"SM_SOURCE_DIR", "/opt/ml/input/data/code"}};
  EXPECT_EQ(container.environment().trainer->archive, "") << "the SDK's script has unpacked it";
  EXPECT_EQ(TrainerContainer().environment().trainer->archive, "");
}

TEST(TrainerJob, AProgramBehindTheDashesIsTakenFromTheArchiveWhereItIsNotHere) {
  TrainerContainer container(R"({"source_dir": "src.tar.gz", "entry_script": "train.py"})");
  container.write("input/data/code/src.tar.gz", "");
  container.request.given_entry_point = {"other.py", {}};
  EXPECT_EQ(container.environment().entry_point.working_directory, container.path() / "input/data/code");
  container.write("other.py", "");
  EXPECT_EQ(container.environment().entry_point.working_directory, container.path());
}

}  // namespace
}  // namespace smlaunch
