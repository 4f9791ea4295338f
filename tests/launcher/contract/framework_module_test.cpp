// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/framework_module.hpp"

#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

Environment read(const std::string& framework, const char* hyperparameters, bool run = false) {
  Container container(hyperparameters,
                      R"({"current_host": "b", "hosts": ["a", "b"], "network_interface_name": "eth0"})");
  container.request.variables["SAGEMAKER_TRAINING_MODULE"] =
      "sagemaker_" + framework + "_container.training:main";
  container.request.run_framework_module = run;
  return container.environment();
}

TEST(FrameworkModule, OfAwsImagesIsDoneHere) {
  for (const auto& [name, framework] : {std::pair("pytorch", Framework::pytorch),
                                        {"tensorflow", Framework::tensorflow},
                                        {"mxnet", Framework::mxnet},
                                        {"chainer", Framework::chainer},
                                        {"xgboost", Framework::xgboost}}) {
    const Environment environment = read(name, R"({"sagemaker_program": "train.py"})");
    EXPECT_EQ(environment.native_framework, framework) << name;
    EXPECT_EQ(environment.entry_point.name, "train.py");
    EXPECT_NE(environment.framework_source.find("is done by smlaunch"), std::string::npos);
  }
}

TEST(FrameworkModule, IsRunWhereItMustBe) {
  const auto is_run = [](const Environment& environment, const std::string& why) {
    EXPECT_EQ(environment.entry_point.kind, EntryPointKind::framework_module);
    EXPECT_NE(environment.framework_source.find("is run: " + why), std::string::npos)
        << environment.framework_source;
  };
  is_run(read("pytorch", R"({"sagemaker_program": "train.py"})", true), "as --framework-module says");
  is_run(read("xgboost", "{}"), "no program is named");
  is_run(read("unheard_of", R"({"sagemaker_program": "train.py"})"), "it is none of AWS's that are known");
  const char* servers = R"({"sagemaker_program": "train.py", "sagemaker_parameter_server_enabled": "true"})";
  is_run(read("mxnet", servers), "it starts parameter servers beside the program");
  is_run(read("tensorflow", servers), "it starts parameter servers beside the program");
  EXPECT_EQ(read("pytorch", servers).native_framework, Framework::pytorch);
}

TEST(FrameworkModule, ChoosesItsLauncher) {
  const auto chosen = [](const char* framework, const std::string& key) {
    const std::string text = "{\"sagemaker_program\": \"train.py\", \"" + key + "\": \"true\"}";
    return choose_launcher(read(framework, text.c_str())).kind;
  };
  EXPECT_EQ(chosen("pytorch", "sagemaker_torch_distributed_enabled"), LauncherKind::torchrun);
  EXPECT_EQ(chosen("tensorflow", "sagemaker_mpi_enabled"), LauncherKind::mpi);
  EXPECT_EQ(chosen("tensorflow", "sagemaker_torch_distributed_enabled"), LauncherKind::process);
  EXPECT_EQ(chosen("xgboost", "sagemaker_mpi_enabled"), LauncherKind::process);
  EXPECT_EQ(chosen("chainer", "x"), LauncherKind::mpi);
  EXPECT_EQ(
      choose_launcher(read("chainer", R"({"sagemaker_program": "a.py", "sagemaker_use_mpi": "false"})")).kind,
      LauncherKind::process);
}

TEST(FrameworkModule, OfPyTorchSetsItsVariables) {
  const Environment environment = read("pytorch", R"({"sagemaker_program": "train.py"})");
  Variables wanted = {{"NCCL_DEBUG", "WARN"}, {"NCCL_IB_DISABLE", "1"}, {"NCCL_SOCKET_IFNAME", "eth0"}};
  // Where the launcher gives its ranks another port, the module's would be a lie.
  for (const auto launcher :
       {LauncherKind::mpi, LauncherKind::ddp, LauncherKind::smddp, LauncherKind::torchrun}) {
    EXPECT_EQ(framework_variables(environment, launcher, 7777, {}), wanted) << to_string(launcher);
    EXPECT_FALSE(sets_master_port(Framework::pytorch, launcher));
  }
  wanted["MASTER_ADDR"] = "a";
  wanted["MASTER_PORT"] = "7777";
  for (const auto launcher : {LauncherKind::process, LauncherKind::xla}) {
    EXPECT_EQ(framework_variables(environment, launcher, 7777, {}), wanted) << to_string(launcher);
    EXPECT_TRUE(sets_master_port(Framework::pytorch, launcher));
  }
  EXPECT_FALSE(sets_master_port(Framework::tensorflow, LauncherKind::process));
  EXPECT_EQ(framework_variables(read("mxnet", R"({"sagemaker_program": "train.py"})"), LauncherKind::process,
                                7777, {}),
            Variables());
}

// S3_REGION is what the program finds in SAGEMAKER_REGION.
TEST(FrameworkModule, OfTensorFlowSetsS3sVariables) {
  const auto variables = [](const char* hyperparameters, const Variables& inherited) {
    return framework_variables(read("tensorflow", hyperparameters), LauncherKind::mpi, {}, inherited);
  };
  EXPECT_EQ(variables(R"({"sagemaker_program": "a.py", "sagemaker_region": "\"us-west-2\""})", {}),
            (Variables{{"S3_REGION", "us-west-2"}, {"S3_USE_HTTPS", "1"}, {"TF_CPP_MIN_LOG_LEVEL", "1"}}));
  const char* no_region = R"({"sagemaker_program": "a.py"})";
  EXPECT_EQ(variables(no_region, {}).at("S3_REGION"), "");
  EXPECT_EQ(variables(no_region, {{"AWS_REGION", "eu-1"}}).at("S3_REGION"), "");
  EXPECT_EQ(variables(no_region, {{"AWS_DEFAULT_REGION", "eu-2"}, {"AWS_REGION", "eu-1"}}).at("S3_REGION"),
            "eu-2");
  EXPECT_EQ(
      variables(no_region, {{"AWS_DEFAULT_REGION", "eu-2"}, {"SAGEMAKER_REGION", "eu-3"}}).at("S3_REGION"),
      "eu-3");
}

TEST(FrameworkModule, OfTensorFlowDescribesTheClusterToEachHost) {
  const Environment mirrored =
      read("tensorflow",
           R"({"sagemaker_program": "a.py", "sagemaker_multi_worker_mirrored_strategy_enabled": "true"})");
  const auto of = [&](int index) {
    return Variables{{"TF_CONFIG", R"({"cluster": {"worker": ["a:8890", "b:8890"]}, "environment": "cloud", )"
                                   R"("task": {"index": )" +
                                       std::to_string(index) + R"(, "type": "worker"}})"}};
  };
  EXPECT_EQ(framework_variables_of(mirrored, "a"), of(0));
  EXPECT_EQ(framework_variables_of(mirrored, "b"), of(1));
  EXPECT_EQ(framework_variables_of(mirrored, "c"), Variables());
  EXPECT_EQ(framework_variables_of(read("tensorflow", R"({"sagemaker_program": "a.py"})"), "a"), Variables());
  EXPECT_EQ(
      framework_variables_of(
          read(
              "pytorch",
              R"({"sagemaker_program": "a.py", "sagemaker_multi_worker_mirrored_strategy_enabled": "true"})"),
          "a"),
      Variables());
}

TEST(FrameworkModule, OfTensorFlowGivesEachJobOfATuningItsOwnFolder) {
  const auto folder = [](const std::string& hyperparameters, const char* job,
                         const char* framework = "tensorflow") {
    Container container("{\"sagemaker_program\": \"a.py\", \"_tuning_objective_metric\": \"loss\"" +
                        hyperparameters + "}");
    container.request.variables["SAGEMAKER_TRAINING_MODULE"] =
        std::string("sagemaker_") + framework + "_container.training:main";
    if (job != nullptr) container.request.variables["TRAINING_JOB_NAME"] = job;
    const Environment environment = container.environment();
    const Variables variables = sm_variables(environment);
    const auto found = variables.find("SM_HP_MODEL_DIR");
    if (found == variables.end()) return std::string("none");
    EXPECT_EQ(environment.entry_point.arguments, (std::vector<std::string>{"--model_dir", found->second}));
    EXPECT_EQ(variables.at("SM_HPS"), "{\"model_dir\":\"" + found->second + "\"}");
    return found->second;
  };
  EXPECT_EQ(folder(R"(, "model_dir": "s3://b/m")", "job-1"), "s3://b/m/job-1/model");
  EXPECT_EQ(folder(R"(, "model_dir": "/opt/ml/model")", "job-1"), "/opt/ml/model");
  EXPECT_EQ(folder(R"(, "model_dir": "s3://b/m")", nullptr), "s3://b/m/None/model");
  EXPECT_EQ(folder("", "job-1"), "None/job-1/model");
  EXPECT_EQ(folder(R"(, "model_dir": "s3://b/m")", "job-1", "pytorch"), "s3://b/m");
  const Environment no_tuning =
      read("tensorflow", R"({"sagemaker_program": "a.py", "model_dir": "s3://b/m"})");
  EXPECT_EQ(sm_variables(no_tuning).at("SM_HP_MODEL_DIR"), "s3://b/m");
}

}  // namespace
}  // namespace smlaunch
