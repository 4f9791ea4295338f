// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/framework_module.hpp"

#include <algorithm>

namespace smlaunch {

namespace {

// The ports of the modules: each host sets them for itself, and all must agree.
constexpr const char* pytorch_port = "7777";
constexpr const char* mirrored_strategy_port = "8890";

bool is_on(const Environment& environment, const char* key) {
  const PyValue* value = environment.sagemaker_hyperparameters.find(key);
  return value != nullptr && python_truth(*value);
}

bool in_distribution(const Environment& environment) {
  const auto& groups = environment.distribution_instance_groups;
  return std::find(groups.begin(), groups.end(), environment.current_instance_group) != groups.end();
}

Variables pytorch_variables(const Environment& environment) {
  return {{"MASTER_ADDR", environment.leader},
          {"MASTER_PORT", pytorch_port},
          {"NCCL_SOCKET_IFNAME", environment.network_interface},
          {"NCCL_IB_DISABLE", "1"},
          {"NCCL_DEBUG", "WARN"}};
}

Variables tensorflow_variables(const Environment& environment) {
  if (!is_on(environment, "sagemaker_multi_worker_mirrored_strategy_enabled") ||
      !in_distribution(environment))
    return {};
  const auto& hosts = environment.distribution_hosts;
  const auto own = std::find(hosts.begin(), hosts.end(), environment.current_host);
  if (own == hosts.end()) return {};
  std::string workers;
  for (const std::string& host : hosts)
    workers += (workers.empty() ? "" : ", ") + python_json_dumps({host + ":" + mirrored_strategy_port});
  return {{"TF_CONFIG", "{\"cluster\": {\"worker\": [" + workers +
                            "]}, \"environment\": \"cloud\", \"task\": {\"index\": " +
                            std::to_string(own - hosts.begin()) + ", \"type\": \"worker\"}}"}};
}

}  // namespace

std::string to_string(Framework framework) {
  switch (framework) {
    case Framework::none: return "none";
    case Framework::pytorch: return "PyTorch";
    case Framework::tensorflow: return "TensorFlow";
    case Framework::mxnet: return "MXNet";
    case Framework::chainer: return "Chainer";
    case Framework::xgboost: return "XGBoost";
  }
  return "none";
}

Framework parse_framework(std::string_view module) {
  // Hugging Face's images name the module of the framework they are built on.
  static constexpr std::pair<std::string_view, Framework> known[] = {
      {"sagemaker_pytorch_container.training:main", Framework::pytorch},
      {"sagemaker_tensorflow_container.training:main", Framework::tensorflow},
      {"sagemaker_mxnet_container.training:main", Framework::mxnet},
      {"sagemaker_chainer_container.training:main", Framework::chainer},
      {"sagemaker_xgboost_container.training:main", Framework::xgboost}};
  for (const auto& [name, framework] : known)
    if (name == module) return framework;
  return Framework::none;
}

std::string reason_to_run_module(Framework framework, const Environment& environment) {
  if (environment.user_entry_point.value_or("").empty()) return "no program is named";
  const bool servers =
      is_on(environment, "sagemaker_parameter_server_enabled") &&
      (framework == Framework::mxnet || (framework == Framework::tensorflow && environment.hosts.size() > 1));
  return servers ? "it starts parameter servers beside the program" : "";
}

bool knows_launcher(Framework framework, LauncherKind launcher) {
  switch (framework) {
    case Framework::none:
    case Framework::pytorch: return true;
    case Framework::tensorflow: return launcher == LauncherKind::mpi || launcher == LauncherKind::smddp;
    case Framework::mxnet:
    case Framework::chainer: return launcher == LauncherKind::mpi;
    case Framework::xgboost: return false;
  }
  return true;
}

Variables framework_variables(const Environment& environment, LauncherKind launcher) {
  switch (environment.native_framework) {
    case Framework::pytorch: return pytorch_variables(environment);
    case Framework::tensorflow:
      return launcher == LauncherKind::process ? tensorflow_variables(environment) : Variables();
    default: return {};
  }
}

}  // namespace smlaunch
