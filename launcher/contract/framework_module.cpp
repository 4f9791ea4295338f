// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/framework_module.hpp"

#include <algorithm>
#include <utility>

#include "launcher/contract/program_variables.hpp"
#include "launcher/contract/python_value.hpp"

namespace smlaunch {

namespace {

// Each host sets it for itself, and all must agree.
constexpr const char* mirrored_strategy_port = "8890";

bool is_on(const Environment& environment, const char* key) {
  const PyValue* value = environment.sagemaker_hyperparameters.find(key);
  return value != nullptr && python_truth(*value);
}

bool in_distribution(const Environment& environment) {
  const auto& groups = environment.distribution_instance_groups;
  return std::find(groups.begin(), groups.end(), environment.current_instance_group) != groups.end();
}

Variables pytorch_variables(const Environment& environment, LauncherKind launcher,
                            std::optional<int> master_port) {
  Variables made = {{"NCCL_SOCKET_IFNAME", environment.network_interface},
                    {"NCCL_IB_DISABLE", "1"},
                    {"NCCL_DEBUG", "WARN"}};
  if (!sets_master_port(Framework::pytorch, launcher)) return made;
  made["MASTER_ADDR"] = environment.leader;
  if (master_port) made["MASTER_PORT"] = std::to_string(*master_port);
  return made;
}

// Where the model is on S3, the module asks S3 for the bucket's region; we take the job's region.
Variables tensorflow_variables(const Environment& environment, const Variables& inherited) {
  return {{"S3_REGION", program_region(environment, inherited)},
          {"S3_USE_HTTPS", "1"},
          {"TF_CPP_MIN_LOG_LEVEL", "1"}};
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
  // Hugging Face's images name the module of the framework on which they are built.
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

std::optional<std::string> reason_to_run_module(Framework framework, const Environment& environment) {
  if (environment.user_entry_point.value_or("").empty()) return "no program is named";
  const bool servers =
      is_on(environment, "sagemaker_parameter_server_enabled") &&
      (framework == Framework::mxnet || (framework == Framework::tensorflow && environment.hosts.size() > 1));
  if (servers) return "it starts parameter servers beside the program";
  return {};
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

void set_framework_hyperparameters(Environment& environment) {
  const bool tunes = environment.sagemaker_hyperparameters.find("_tuning_objective_metric") != nullptr;
  if (environment.native_framework != Framework::tensorflow || !tunes) return;
  constexpr const char* key = "model_dir";
  const PyValue* given = environment.hyperparameters.find(key);
  const std::string folder = python_str(given == nullptr ? PyValue() : *given);
  if (folder.starts_with("/opt/ml")) return;
  PyValue own{folder + "/" + environment.job_name.value_or("None") + "/model"};
  auto& user = std::get<PyDict>(environment.hyperparameters.data);
  const auto at =
      std::find_if(user.begin(), user.end(), [&](const auto& entry) { return entry.first == key; });
  if (at == user.end())
    user.emplace_back(key, std::move(own));
  else
    at->second = std::move(own);
}

Variables framework_variables(const Environment& environment, LauncherKind launcher,
                              std::optional<int> master_port, const Variables& inherited) {
  switch (environment.native_framework) {
    case Framework::pytorch: return pytorch_variables(environment, launcher, master_port);
    case Framework::tensorflow: return tensorflow_variables(environment, inherited);
    default: return {};
  }
}

Variables framework_variables_of(const Environment& environment, const std::string& host) {
  if (environment.native_framework != Framework::tensorflow ||
      !is_on(environment, "sagemaker_multi_worker_mirrored_strategy_enabled") ||
      !in_distribution(environment))
    return {};
  const auto& hosts = environment.distribution_hosts;
  const auto own = std::find(hosts.begin(), hosts.end(), host);
  if (own == hosts.end()) return {};
  std::string workers;
  for (const std::string& each : hosts)
    workers += (workers.empty() ? "" : ", ") + python_json_dumps({each + ":" + mirrored_strategy_port});
  return {{"TF_CONFIG", "{\"cluster\": {\"worker\": [" + workers +
                            "]}, \"environment\": \"cloud\", \"task\": {\"index\": " +
                            std::to_string(own - hosts.begin()) + ", \"type\": \"worker\"}}"}};
}

bool sets_master_port(Framework framework, LauncherKind launcher) {
  return framework == Framework::pytorch &&
         (launcher == LauncherKind::process || launcher == LauncherKind::xla);
}

}  // namespace smlaunch
