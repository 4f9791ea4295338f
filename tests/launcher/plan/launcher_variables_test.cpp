// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/launcher_variables.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace smlaunch {
namespace {

struct Job {
  explicit Job(const std::vector<std::string>& types) {
    for (const std::string& type : types) {
      Host& host = cluster.hosts.emplace_back();
      host.name = "algo-" + std::to_string(cluster.hosts.size());
      host.instance_type = type;
    }
    environment.sagemaker_hyperparameters = {PyDict()};
  }
  Environment environment;
  Cluster cluster;
  [[nodiscard]] Variables adapter(LauncherKind launcher) const {
    return adapter_variables(environment, launcher, cluster);
  }
  [[nodiscard]] Variables all(LauncherKind launcher) const {
    return launcher_variables(environment, launcher, cluster);
  }
};

TEST(AdapterVariables, AreThoseOfTheToolkitsTable) {
  const auto of = [](LauncherKind launcher, const std::vector<std::string>& types) {
    return Job(types).adapter(launcher);
  };
  const Variables nccl = {{"FI_PROVIDER", "efa"}, {"NCCL_PROTO", "simple"}};
  Variables rdma = nccl;
  rdma["FI_EFA_USE_DEVICE_RDMA"] = "1";
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.g5.48xlarge"}), nccl);
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.p4d.24xlarge", "ml.p4de.24xlarge"}), rdma);
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.p5.48xlarge", "ml.p5e.48xlarge"}), rdma);
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.p4d.24xlarge", "ml.g5.48xlarge"}), nccl);
  for (const char* unknown : {"ml.p5en.48xlarge", "ml.p6-b200.48xlarge", "ml.trn2.48xlarge"})
    EXPECT_EQ(of(LauncherKind::mpi, {unknown}), Variables());
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.p4d.24xlarge", "ml.c5.xlarge"}), Variables());
  EXPECT_EQ(of(LauncherKind::process, {"ml.p4d.24xlarge"}), Variables());
  rdma["RDMAV_FORK_SAFE"] = "1";
  EXPECT_EQ(of(LauncherKind::torchrun, {"ml.trn1.32xlarge"}), rdma);
}

TEST(AdapterVariables, OfSmddpTakeTheInstanceTypeOfTheHyperparameterFirst) {
  Job job({"ml.p4d.24xlarge", "ml.p4d.24xlarge"});
  Variables wanted = {{"FI_PROVIDER", "efa"},
                      {"RDMAV_FORK_SAFE", "1"},
                      {"NCCL_PROTO", "simple"},
                      {"FI_EFA_USE_DEVICE_RDMA", "1"},
                      {"SMDATAPARALLEL_USE_HOMOGENEOUS", "1"},
                      {"SMDATAPARALLEL_SERVER_ADDR", "algo-1"},
                      {"SMDATAPARALLEL_SERVER_PORT", "7592"},
                      {"SAGEMAKER_INSTANCE_TYPE", "ml.p4d.24xlarge"}};
  EXPECT_EQ(job.adapter(LauncherKind::smddp), wanted);
  const auto named = [&](const char* type) {
    job.environment.sagemaker_hyperparameters = {PyDict{{"sagemaker_instance_type", {std::string(type)}}}};
  };
  named("");
  EXPECT_EQ(job.adapter(LauncherKind::smddp), wanted);
  named("ml.p3.16xlarge");
  wanted.erase("NCCL_PROTO");
  wanted.erase("FI_EFA_USE_DEVICE_RDMA");
  wanted["SAGEMAKER_INSTANCE_TYPE"] = "ml.p3.16xlarge";
  EXPECT_EQ(job.adapter(LauncherKind::smddp), wanted);
  EXPECT_TRUE(job.adapter(LauncherKind::mpi).contains("NCCL_PROTO")) << "MPI's runner does not read it";

  Job one({"ml.p3.16xlarge"});
  EXPECT_EQ(
      one.adapter(LauncherKind::smddp),
      (Variables{{"FI_PROVIDER", "efa"}, {"RDMAV_FORK_SAFE", "1"}, {"SMDATAPARALLEL_USE_SINGLENODE", "1"}}));
}

TEST(LauncherVariables, HaveNcclsSettingsWhereTheToolkitsRunnersHaveThem) {
  const Job job({"ml.c5.xlarge"});
  const Variables mpi = {{"NCCL_DEBUG", "INFO"}, {"NCCL_MIN_NRINGS", "4"}};
  EXPECT_EQ(job.all(LauncherKind::mpi), mpi);
  const Variables smddp = job.all(LauncherKind::smddp);
  EXPECT_EQ(smddp.at("NCCL_DEBUG"), "INFO");
  EXPECT_FALSE(smddp.contains("NCCL_MIN_NRINGS"));
  for (const auto other :
       {LauncherKind::process, LauncherKind::ddp, LauncherKind::torchrun, LauncherKind::xla})
    EXPECT_EQ(job.all(other), Variables()) << to_string(other);
}

TEST(LauncherVariables, OfChainersModuleKnowNothingOfAdapters) {
  Job job({"ml.p4d.24xlarge"});
  job.environment.native_framework = Framework::chainer;
  EXPECT_EQ(job.all(LauncherKind::mpi), (Variables{{"NCCL_DEBUG", "INFO"}, {"NCCL_MIN_NRINGS", "4"}}));
}

TEST(ModelParallelVariables, AreThoseOfMpisRunnerUnderPyTorch) {
  Job job({"ml.c5.xlarge"});
  const auto of = [&](LauncherKind launcher, const Variables& inherited) {
    return model_parallel_variables(job.environment, launcher, inherited);
  };
  const Variables both = {{"NCCL_ALGO", "ring"}, {"NCCL_PROTO", "simple"}};
  const Variables version_2 = {{"SM_DLC_TORCH_VERSION", "2.1.0"}};
  EXPECT_EQ(of(LauncherKind::mpi, version_2), Variables()) << "no model parallel job";
  for (const char* none : {"", "{}"}) {
    job.environment.mp_parameters = none;
    EXPECT_EQ(of(LauncherKind::mpi, version_2), Variables()) << none;
  }
  job.environment.mp_parameters = R"({"partitions": 2})";
  EXPECT_EQ(of(LauncherKind::mpi, {}), Variables()) << "no PyTorch";
  EXPECT_EQ(of(LauncherKind::mpi, version_2), both);
  EXPECT_EQ(of(LauncherKind::mpi, {{"SM_DLC_TORCH_VERSION", "1.13.1"}}),
            (Variables{{"NCCL_PROTO", "simple"}}));
  for (const auto other : {LauncherKind::smddp, LauncherKind::ddp, LauncherKind::process})
    EXPECT_EQ(of(other, version_2), Variables()) << to_string(other);
  job.environment.native_framework = Framework::pytorch;
  EXPECT_EQ(of(LauncherKind::mpi, {}), both);
}

}  // namespace
}  // namespace smlaunch
