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

TEST(FrameworkModule, SetsItsVariables) {
  const Variables pytorch =
      framework_variables(read("pytorch", R"({"sagemaker_program": "train.py"})"), LauncherKind::process);
  const Variables wanted = {{"MASTER_ADDR", "a"},
                            {"MASTER_PORT", "7777"},
                            {"NCCL_DEBUG", "WARN"},
                            {"NCCL_IB_DISABLE", "1"},
                            {"NCCL_SOCKET_IFNAME", "eth0"}};
  EXPECT_EQ(pytorch, wanted);
  EXPECT_EQ(framework_variables(read("mxnet", R"({"sagemaker_program": "train.py"})"), LauncherKind::process),
            Variables());
  EXPECT_EQ(
      framework_variables(read("tensorflow", R"({"sagemaker_program": "train.py"})"), LauncherKind::process),
      Variables());
}

}  // namespace
}  // namespace smlaunch
