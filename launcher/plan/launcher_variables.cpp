// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/launcher_variables.hpp"

#include <algorithm>

#include "launcher/contract/efa_instances.hpp"

namespace smlaunch {

namespace {

constexpr const char* smddp_server_port = "7592";

std::string instance_type_of(const Environment& environment, LauncherKind launcher, const Host& host) {
  if (launcher != LauncherKind::smddp && launcher != LauncherKind::ddp) return host.instance_type;
  const std::string named = text_parameter(environment, "sagemaker_instance_type").value_or("");
  return named.empty() ? host.instance_type : named;
}

Variables efa_variables(const Environment& environment, LauncherKind launcher, const Cluster& cluster) {
  if (launcher == LauncherKind::process || launcher == LauncherKind::xla ||
      environment.native_framework == Framework::chainer)
    return {};
  const auto all_have = [&](bool rdma) {
    return std::all_of(cluster.hosts.begin(), cluster.hosts.end(), [&](const Host& host) {
      const EfaInstance* found = find_efa_instance(instance_type_of(environment, launcher, host));
      return found != nullptr && (found->rdma || !rdma);
    });
  };
  Variables made;
  if (all_have(false)) made = {{"FI_PROVIDER", "efa"}, {"NCCL_PROTO", "simple"}};
  if (all_have(true)) {
    made["FI_EFA_USE_DEVICE_RDMA"] = "1";
    if (launcher == LauncherKind::torchrun) made["RDMAV_FORK_SAFE"] = "1";
  }
  return made;
}

Variables smddp_variables(const Environment& environment, const Cluster& cluster) {
  Variables made = {{"FI_PROVIDER", "efa"}, {"RDMAV_FORK_SAFE", "1"}};
  const Host& first = cluster.hosts.front();
  if (cluster.hosts.size() == 1) {
    made["SMDATAPARALLEL_USE_SINGLENODE"] = "1";
    return made;
  }
  made["SMDATAPARALLEL_USE_HOMOGENEOUS"] = "1";
  made["SMDATAPARALLEL_SERVER_ADDR"] = first.name;
  made["SMDATAPARALLEL_SERVER_PORT"] = smddp_server_port;
  made["SAGEMAKER_INSTANCE_TYPE"] = instance_type_of(environment, LauncherKind::smddp, first);
  return made;
}

}  // namespace

Variables adapter_variables(const Environment& environment, LauncherKind launcher, const Cluster& cluster) {
  Variables made = efa_variables(environment, launcher, cluster);
  if (launcher == LauncherKind::smddp) made.merge(smddp_variables(environment, cluster));
  return made;
}

Variables launcher_variables(const Environment& environment, LauncherKind launcher, const Cluster& cluster) {
  Variables made = adapter_variables(environment, launcher, cluster);
  if (launcher == LauncherKind::mpi || launcher == LauncherKind::smddp) made["NCCL_DEBUG"] = "INFO";
  if (launcher == LauncherKind::mpi) made["NCCL_MIN_NRINGS"] = "4";
  return made;
}

Variables model_parallel_variables(const Environment& environment, LauncherKind launcher,
                                   const Variables& inherited) {
  const std::string parameters = environment.mp_parameters.value_or("");
  if (launcher != LauncherKind::mpi || parameters.empty() || parameters == "{}") return {};
  const auto version = inherited.find("SM_DLC_TORCH_VERSION");
  const bool is_told = version != inherited.end() && !version->second.empty();
  if (!is_told && environment.native_framework != Framework::pytorch) return {};
  Variables made = {{"NCCL_PROTO", "simple"}};
  if (!is_told || !version->second.starts_with("1.")) made["NCCL_ALGO"] = "ring";
  return made;
}

}  // namespace smlaunch
