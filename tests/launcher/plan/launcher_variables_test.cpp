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
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.p5.48xlarge"}), nccl);
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.p4d.24xlarge", "ml.p4de.24xlarge"}), rdma);
  EXPECT_EQ(of(LauncherKind::mpi, {"ml.p4d.24xlarge", "ml.p5.48xlarge"}), nccl);
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
  EXPECT_EQ(job.all(LauncherKind::mpi), (Variables{{"NCCL_DEBUG", "INFO"}}));
}

}  // namespace
}  // namespace smlaunch
