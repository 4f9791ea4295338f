// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/environment.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

using Words = std::vector<std::string>;
constexpr const char* hyperparameters_file = "BASE/input/config/hyperparameters.json: ";

TEST(Environment, TheProgramComesFromTheVariableThenTheHyperparameter) {
  Container container(R"({"sagemaker_program": "\"train.py\"", "lr": "0.1"})");
  EXPECT_EQ(container.environment().user_entry_point, "train.py");
  EXPECT_EQ(container.environment().module_name, "train");
  EXPECT_EQ(container.environment().entry_point.arguments, (Words{"--lr", "0.1"}));
  EXPECT_EQ(container.environment().entry_point.working_directory, container.path() / "code");
  container.request.variables["SAGEMAKER_PROGRAM"] = "other.sh";
  EXPECT_EQ(container.environment().user_entry_point, "other.sh");
  EXPECT_EQ(container.environment().entry_point.kind, EntryPointKind::command);
  container.request.variables["SAGEMAKER_PROGRAM"] = "";
  EXPECT_EQ(container.environment().user_entry_point, "train.py");
  EXPECT_EQ(container.environment().module_name, "");
}

TEST(Environment, AJobThatNamesNoProgramIsAnErrorOnlyForThoseWhoRunOne) {
  Container container;
  const Environment environment = container.environment();
  EXPECT_EQ(environment.user_entry_point, std::nullopt);
  EXPECT_EQ(sm_variables(environment).at("SM_USER_ENTRY_POINT"), "");
  EXPECT_EQ(sm_variables(environment).at("SM_MODULE_NAME"), "None");
  const Result<void> required = require_entry_point(environment);
  ASSERT_FALSE(required);
  EXPECT_EQ(required.error().fault, Fault::configuration);
  EXPECT_EQ(required.error().problems.front().what, "names no program to run");
  container.request.variables["SAGEMAKER_PROGRAM"] = "train.py";
  EXPECT_TRUE(require_entry_point(container.environment()));
}

TEST(Environment, AProgramThatIsNoTextIsAnError) {
  EXPECT_EQ(Container(R"({"sagemaker_program": "12"})").problems(),
            std::string(hyperparameters_file) + "sagemaker_program: must be text, not 12");
  EXPECT_EQ(Container(R"({"sagemaker_program": "a\u0000.py"})").problems(),
            std::string(hyperparameters_file) + "sagemaker_program: holds a NUL byte or a lone surrogate");
  EXPECT_EQ(Container(R"({"sagemaker_program": "null"})").problems(), "no problem");
}

TEST(Environment, AProgramThatDoesNotLieInTheCodeIsAnError) {
  const auto problems = [](const std::string& program) {
    Container container("{\"sagemaker_program\": \"" + program + "\"}");
    container.write("code/bin/train.sh", "");
    container.write("outside.sh", "");
    std::filesystem::create_symlink("../outside.sh", container.path() / "code/link.sh");
    std::filesystem::create_symlink("bin/train.sh", container.path() / "code/inside.sh");
    std::filesystem::create_directory_symlink("..", container.path() / "code/up");
    return container.problems();
  };
  const std::string at = std::string(hyperparameters_file) + "sagemaker_program: ";
  EXPECT_EQ(problems("../outside.sh"), at + "\"../outside.sh\" leads out of the folder of the code");
  EXPECT_EQ(problems("bin/../../outside.sh"),
            at + "\"bin/../../outside.sh\" leads out of the folder of the code");
  EXPECT_EQ(problems("/bin/sh"), at + "\"/bin/sh\" is an absolute path");
  EXPECT_EQ(problems("link.sh"),
            at + "\"link.sh\" is a link to BASE/outside.sh, out of the folder of the code");
  EXPECT_EQ(problems("up/outside.sh"),
            at + "\"up/outside.sh\" is a link to BASE/outside.sh, out of the folder of the code");
  for (const char* inside : {"bin/train.sh", "./bin/train.sh", "inside.sh", "bin/../bin/train.sh",
                             "absent.py", "with blanks.py", "-m pkg.train"})
    EXPECT_EQ(problems(inside), "no problem") << inside;
  Container container("{}");
  container.request.variables["SAGEMAKER_PROGRAM"] = "../outside.py";
  EXPECT_EQ(container.problems(), "SAGEMAKER_PROGRAM: \"../outside.py\" leads out of the folder of the code");
}

TEST(Environment, AGivenEntryPointHasItsOwnArgumentsAndFolder) {
  Container container(R"({"sagemaker_program": "train.py", "lr": "0.1"})");
  container.write("setup.py", "");
  container.write("work", "no interpreter line");
  container.request.variables["SAGEMAKER_PROGRAM"] = "other.py";
  container.request.variables["SAGEMAKER_TRAINING_MODULE"] = "framework:main";
  container.request.given_entry_point = GivenEntryPoint{"mine.py", {"--x", "\xFF"}};
  Environment environment = container.environment();
  EXPECT_EQ(environment.entry_point.name, "mine.py");
  EXPECT_EQ(environment.entry_point.kind, EntryPointKind::python_program);
  EXPECT_EQ(environment.entry_point.arguments, (Words{"--x", "\xFF"}));
  EXPECT_EQ(environment.entry_point.working_directory, container.path());
  const Variables variables = sm_variables(environment);
  EXPECT_EQ(variables.at("SM_HP_LR"), "0.1");
  EXPECT_EQ(variables.at("SM_USER_ARGS"), "[\"--x\",\"\\udcff\"]");
  EXPECT_EQ(variables.at("SM_USER_ENTRY_POINT"), "mine.py");
  EXPECT_EQ(variables.at("SM_MODULE_NAME"), "mine");

  container.request.given_entry_point = GivenEntryPoint{"work", {}};
  environment = container.environment();
  EXPECT_EQ(environment.entry_point.kind, EntryPointKind::command);
  EXPECT_FALSE(environment.entry_point.has_interpreter_line);
}

TEST(Environment, AProgramMayBeAModule) {
  Container container(R"({"sagemaker_program": "-m pkg.train", "lr": "0.1"})");
  Environment environment = container.environment();
  EXPECT_EQ(environment.entry_point.name, "-m pkg.train");
  EXPECT_EQ(environment.entry_point.kind, EntryPointKind::python_package);
  EXPECT_EQ(sm_variables(environment).at("SM_USER_ENTRY_POINT"), "-m pkg.train");
  container.request.given_entry_point = GivenEntryPoint{"-m mine", {"--x"}};
  environment = container.environment();
  EXPECT_EQ(environment.entry_point.kind, EntryPointKind::python_package);
  EXPECT_EQ(environment.entry_point.arguments, (Words{"--x"}));

  EXPECT_EQ(Container(R"({"sagemaker_program": "-m pkg.train --lr 1"})").problems(),
            std::string(hyperparameters_file) +
                "sagemaker_program: \"-m pkg.train --lr 1\" is not -m and the name of a module");
  Container named;
  named.request.variables["SAGEMAKER_PROGRAM"] = "-m ";
  EXPECT_EQ(named.problems(), "SAGEMAKER_PROGRAM: \"-m \" is not -m and the name of a module");
}

TEST(Environment, CountsTheNeuronCoresOfATrn2) {
  Container trn2("{}",
                 R"({"current_host": "a", "hosts": ["a"], "current_instance_type": "ml.trn2.48xlarge"})");
  EXPECT_EQ(sm_variables(trn2.environment()).at("SM_NUM_NEURONS"), "64");
  Container other;
  other.request.num_neurons = 3;
  EXPECT_EQ(sm_variables(other.environment()).at("SM_NUM_NEURONS"), "3");
}

TEST(Environment, AFrameworkModuleIsAModuleAndAFunction) {
  Container container;
  container.request.variables["SAGEMAKER_TRAINING_MODULE"] = "my_framework.training:main";
  EXPECT_EQ(container.environment().entry_point.kind, EntryPointKind::framework_module);
  EXPECT_EQ(container.environment().entry_point.name, "my_framework.training:main");
  for (const char* name : {"module", ":main", "module:", "a:b:c"}) {
    container.request.variables["SAGEMAKER_TRAINING_MODULE"] = name;
    EXPECT_EQ(container.problems(),
              std::string("SAGEMAKER_TRAINING_MODULE: ") + name + " is not of the form MODULE:FUNCTION");
  }
  container.request.variables["SAGEMAKER_TRAINING_MODULE"] = "";
  EXPECT_EQ(container.environment().entry_point.kind, EntryPointKind::python_program);
}

TEST(Environment, TheModulesFolderComesFromTheHyperparameterAlone) {
  Container container(R"({"sagemaker_submit_directory": "\"s3://bucket/code.tar.gz\""})");
  container.request.variables["SAGEMAKER_SUBMIT_DIRECTORY"] = "/elsewhere";
  EXPECT_EQ(container.environment().module_dir, "s3://bucket/code.tar.gz");
  EXPECT_EQ(container.warnings(), "");

  Container without;
  EXPECT_EQ(without.environment().module_dir, (without.path() / "code").native());
  EXPECT_EQ(without.warnings(), "");
  without.request.variables["SAGEMAKER_SUBMIT_DIRECTORY"] = "/elsewhere";
  EXPECT_EQ(without.environment().module_dir, (without.path() / "code").native());
  EXPECT_EQ(without.warnings(), "SAGEMAKER_SUBMIT_DIRECTORY: is not read: the code is taken from BASE/code");
}

TEST(Environment, TheRegionComesFromTheVariableThenTheHyperparameter) {
  Container container(R"({"sagemaker_region": "\"us-west-2\""})");
  container.request.variables["AWS_DEFAULT_REGION"] = "eu-north-1";
  EXPECT_EQ(container.environment().region, "us-west-2");
  container.request.variables["AWS_REGION"] = "eu-west-1";
  EXPECT_EQ(container.environment().region, "eu-west-1");
  Container without;
  EXPECT_EQ(without.environment().region, std::nullopt);
  without.request.variables["AWS_DEFAULT_REGION"] = "eu-north-1";
  EXPECT_EQ(without.environment().region, "eu-north-1");
}

TEST(Environment, TheJobsNameComesFromTheVariableAlone) {
  Container container(R"({"sagemaker_job_name": "\"hyper\""})");
  EXPECT_EQ(container.environment().job_name, std::nullopt);
  container.request.variables["TRAINING_JOB_NAME"] = "job-7";
  EXPECT_EQ(container.environment().job_name, "job-7");
}

TEST(Environment, ALogLevelIsANumberOrAName) {
  const std::tuple<const char*, int, const char*> table[] = {
      {R"({})", 20, "20"},
      {R"({"sagemaker_container_log_level": "30"})", 30, "30"},
      {R"({"sagemaker_container_log_level": "DEBUG"})", 10, "DEBUG"},
  };
  for (const auto& [json, level, variable] : table) {
    const Container container(json);
    EXPECT_EQ(container.environment().log_level, level);
    EXPECT_EQ(sm_variables(container.environment()).at("SM_LOG_LEVEL"), variable);
    EXPECT_EQ(container.warnings(), "");
  }
  const Container odd(R"({"sagemaker_container_log_level": "[1]"})");
  EXPECT_EQ(odd.environment().log_level, 20);
  EXPECT_EQ(odd.warnings(), std::string(hyperparameters_file) +
                                "sagemaker_container_log_level: a list is no log level: 20 is taken");
}

// As Python's `in` has it, which the toolkit asks.
TEST(Environment, DistributionGroupsMayBeTextThatHoldsTheNames) {
  const std::string resource =
      R"({"current_host": "c", "hosts": ["a", "b", "c"], "current_group_name": "gpu", "instance_groups": [
          {"instance_group_name": "cpu", "hosts": ["a"]}, {"instance_group_name": "gpu-2", "hosts": ["b"]},
          {"instance_group_name": "gpu", "hosts": ["c"]}]})";
  const Environment environment =
      Container(R"({"sagemaker_mpi_enabled": "true", "sagemaker_distribution_instance_groups": "gpu-2"})",
                resource)
          .environment();
  EXPECT_EQ(environment.distribution_instance_groups, (Words{"gpu-2", "gpu"}));
  EXPECT_EQ(environment.distribution_hosts, (Words{"b", "c"}));
  EXPECT_EQ(environment.leader, "b");
  EXPECT_EQ(choose_launcher(environment).kind, LauncherKind::mpi);
  const Variables variables = sm_variables(environment);
  EXPECT_EQ(variables.at("SM_DISTRIBUTION_INSTANCE_GROUPS"), "gpu-2");
  EXPECT_NE(variables.at("SM_TRAINING_ENV").find(R"("distribution_instance_groups":"gpu-2")"),
            std::string::npos);
  const Environment alone =
      Container(R"({"sagemaker_mpi_enabled": "true", "sagemaker_distribution_instance_groups": "cpu"})",
                resource)
          .environment();
  EXPECT_EQ(choose_launcher(alone).kind, LauncherKind::process);
}

TEST(Environment, DistributionGroupsAreAListOfNames) {
  EXPECT_EQ(
      Container(R"({"sagemaker_distribution_instance_groups": "5"})").problems(),
      std::string(hyperparameters_file) + "sagemaker_distribution_instance_groups: must be a list, not 5");
  EXPECT_EQ(
      Container(R"({"sagemaker_distribution_instance_groups": "[\"a\", 5]"})").problems(),
      std::string(hyperparameters_file) + "sagemaker_distribution_instance_groups[1]: must be text, not 5");
  EXPECT_EQ(Container(R"({"sagemaker_distribution_instance_groups": "[\"gpus\"]"})",
                      R"({"current_host": "a", "hosts": ["a"], "current_group_name": "gpu",
                          "instance_groups": [{"instance_group_name": "gpu", "hosts": ["a"]}]})")
                .warnings(),
            std::string(hyperparameters_file) +
                "sagemaker_distribution_instance_groups[0]: no instance group is named gpus");
}

TEST(Environment, ChannelsAreFoldersAndVariables) {
  Container container;
  container.write("input/config/inputdataconfig.json",
                  R"({"train-data": {}, "Model": {"ContentType": "x"}})");
  const Environment environment = container.environment();
  const Variables variables = sm_variables(environment);
  EXPECT_EQ(variables.at("SM_CHANNELS"), R"(["Model","train-data"])");
  EXPECT_EQ(variables.at("SM_CHANNEL_TRAIN-DATA"), (container.path() / "input/data/train-data").native());
  EXPECT_EQ(environment.channel_input_dirs.front().first, "train-data");
  container.write("input/config/inputdataconfig.json", R"({"a=b": {}, "c\u0000": {}})");
  EXPECT_EQ(
      container.problems(),
      "BASE/input/config/inputdataconfig.json: [\"a=b\"]: the channel's name holds '=', so no SM_CHANNEL_ "
      "variable can have it\n"
      "BASE/input/config/inputdataconfig.json: [\"c\\u0000\"]: the channel's name holds a NUL byte, so no "
      "SM_CHANNEL_ variable can have it");
}

TEST(Environment, NamesThatShareAVariableAreWarnedOf) {
  Container container(R"({"lr": "1", "LR": "2", "other": "3"})");
  EXPECT_EQ(container.warnings(), std::string(hyperparameters_file) +
                                      "LR: lr and LR share the variable SM_HP_LR: the last one wins");
  EXPECT_EQ(sm_variables(container.environment()).at("SM_HP_LR"), "2");
}

}  // namespace
}  // namespace smlaunch
