// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/launcher_variables.hpp"

#include <algorithm>

#include "launcher/contract/efa_instances.hpp"

namespace smlaunch {

namespace {

constexpr const char* smddp_server_port = "7592";

}  // namespace

Variables efa_variables(LauncherKind launcher, const Cluster& cluster) {
  if (launcher == LauncherKind::process || launcher == LauncherKind::xla) return {};
  const auto all_have = [&](bool rdma) {
    return std::all_of(cluster.hosts.begin(), cluster.hosts.end(), [&](const Host& host) {
      const EfaInstance* found = find_efa_instance(host.instance_type);
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

Variables smddp_variables(const Cluster& cluster) {
  Variables made = {{"FI_PROVIDER", "efa"}, {"RDMAV_FORK_SAFE", "1"}};
  if (cluster.hosts.size() == 1) {
    made["SMDATAPARALLEL_USE_SINGLENODE"] = "1";
    return made;
  }
  made["SMDATAPARALLEL_USE_HOMOGENEOUS"] = "1";
  made["SMDATAPARALLEL_SERVER_ADDR"] = cluster.hosts.front().name;
  made["SMDATAPARALLEL_SERVER_PORT"] = smddp_server_port;
  made["SAGEMAKER_INSTANCE_TYPE"] = cluster.hosts.front().instance_type;
  return made;
}

}  // namespace smlaunch
