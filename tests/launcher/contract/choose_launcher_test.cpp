// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tests/launcher/contract/support.hpp"

namespace smlaunch {
namespace {

std::string choice(const char* hyperparameters, const std::string& resource = two_hosts) {
  const LauncherChoice chosen = choose_launcher(Container(hyperparameters, resource).environment());
  return to_string(chosen.kind) + " from " + chosen.source;
}

TEST(ChooseLauncher, FollowsTheSwitchThatIsOn) {
  EXPECT_EQ(choice("{}"), "process from default");
  EXPECT_EQ(choice(R"({"sagemaker_mpi_enabled": "true"})"), "mpi from hyperparameter sagemaker_mpi_enabled");
  EXPECT_EQ(choice(R"({"sagemaker_mpi_enabled": true})"), "mpi from hyperparameter sagemaker_mpi_enabled");
  EXPECT_EQ(choice(R"({"sagemaker_mpi_enabled": "false"})"), "process from default");
  EXPECT_EQ(choice(R"({"sagemaker_pytorch_ddp_enabled": "true"})"),
            "ddp from hyperparameter sagemaker_pytorch_ddp_enabled");
  EXPECT_EQ(choice(R"({"sagemaker_torch_distributed_enabled": "true"})"),
            "torchrun from hyperparameter sagemaker_torch_distributed_enabled");
  EXPECT_EQ(choice(R"({"sagemaker_distributed_dataparallel_enabled": "true"})"),
            "smddp from hyperparameter sagemaker_distributed_dataparallel_enabled");
  EXPECT_EQ(choice(R"({"sagemaker_pytorch_xla_multi_worker_enabled": "true"})"),
            "xla from hyperparameter sagemaker_pytorch_xla_multi_worker_enabled");
  EXPECT_EQ(choice(R"({"sagemaker_torch_distributed_enabled": "true", "sagemaker_mpi_enabled": "true"})"),
            "mpi from hyperparameter sagemaker_mpi_enabled");
}

TEST(ChooseLauncher, AHostOutsideTheDistributionRunsByItself) {
  const std::string resource =
      R"({"current_host": "b", "current_group_name": "cpu", "hosts": ["a", "b"], "instance_groups": [
          {"instance_group_name": "gpu", "instance_type": "x", "hosts": ["a"]},
          {"instance_group_name": "cpu", "instance_type": "y", "hosts": ["b"]}]})";
  EXPECT_EQ(
      choice(R"({"sagemaker_mpi_enabled": "true", "sagemaker_distribution_instance_groups": "[\"gpu\"]"})",
             resource),
      "process from hyperparameter sagemaker_distribution_instance_groups without this host's group cpu");
  EXPECT_EQ(
      choice(R"({"sagemaker_mpi_enabled": "true", "sagemaker_distribution_instance_groups": "[\"cpu\"]"})",
             resource),
      "mpi from hyperparameter sagemaker_mpi_enabled");
}

TEST(ChooseLauncher, AFrameworkModuleRunsByItself) {
  Container container(R"({"sagemaker_mpi_enabled": "true"})");
  container.request.variables["SAGEMAKER_TRAINING_MODULE"] = "framework.training:main";
  EXPECT_EQ(choose_launcher(container.environment()).source, "variable SAGEMAKER_TRAINING_MODULE");
  container.request.given_entry_point = GivenEntryPoint{"train.py", {}};
  EXPECT_EQ(choose_launcher(container.environment()).kind, LauncherKind::mpi);
}

TEST(ChooseLauncher, ParametersAreOfferedByType) {
  const Environment environment =
      Container(R"({"sagemaker_n": "12", "sagemaker_t": "text", "sagemaker_f": "1.5", "sagemaker_b": "true",
                    "sagemaker_large": "99999999999999999999", "n": "3", "sagemaker_s3_output": "s3://b/o"})")
          .environment();
  EXPECT_EQ(integer_parameter(environment, "sagemaker_n"), 12);
  for (const char* key : {"sagemaker_t", "sagemaker_f", "sagemaker_b", "sagemaker_large", "n", "absent"}) {
    EXPECT_EQ(integer_parameter(environment, key), std::nullopt) << key;
  }
  EXPECT_EQ(text_parameter(environment, "sagemaker_t"), "text");
  EXPECT_EQ(text_parameter(environment, "sagemaker_s3_output"), "s3://b/o");
  EXPECT_EQ(text_parameter(environment, "sagemaker_n"), std::nullopt);
}

}  // namespace
}  // namespace smlaunch
