// SPDX-License-Identifier: Apache-2.0
// The SM_* variables. SM_TRAINING_ENV is put together from pieces that are printed already: with thousands
// of hosts, copying values into one more tree would cost more than printing them.
#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/unicode.hpp"
#include "launcher/contract/distribution.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/contract/hyperparameters.hpp"
#include "launcher/contract/resource_config.hpp"
#include "launcher/contract/trainer_job.hpp"
#include "launcher/contract/training_env.hpp"

namespace smlaunch {
namespace {

// Sorted by key or, as files are read, in the order of their keys.
using Dump = std::string (*)(const PyValue&);

std::string json_text(const std::string& text) { return python_json_dumps({text}); }
std::string json_text(const std::optional<std::string>& text) { return text ? json_text(*text) : "null"; }
std::string json_bool(bool value) { return value ? "true" : "false"; }

std::string json_texts(const std::vector<std::string>& texts) {
  PyList list;
  list.reserve(texts.size());
  for (const std::string& text : texts) list.push_back({text});
  return python_json_dumps({std::move(list)});
}

// One host's view of the job: the values of its own eight variables.
struct HostView {
  std::string host;
  std::string instance_type;
  std::string group;
  std::string group_hosts;      // as JSON
  std::string resource_config;  // as JSON
  int num_gpus = 0;
  int num_cpus = 0;
  bool is_leader = false;
};

HostView view_of_reader(const Environment& environment, Dump dump = python_json_dumps) {
  return {environment.current_host,
          environment.current_instance_type,
          environment.current_instance_group,
          json_texts(environment.current_instance_group_hosts),
          dump(environment.resource_config),
          environment.num_gpus,
          environment.num_cpus,
          environment.is_leader};
}

HostView view_of_host(const Environment& environment, const std::string& host, int num_gpus, int num_cpus) {
  const PyValue config = resource_config_of_host(environment.resource_config, host);
  const std::string name = instance_group_in(config);
  const auto& groups = environment.instance_groups;
  const auto group =
      std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.name == name; });
  return {host,
          instance_type_in(config),
          name,
          group == groups.end() ? "[]" : json_texts(group->hosts),
          python_json_dumps(config),
          num_gpus,
          num_cpus,
          host == environment.leader};
}

// The value of SM_INSTANCE_GROUPS_DICT: each group of the file, under its name.
std::string json_groups(const Environment& environment, Dump dump) {
  PyDict dict;
  const PyValue* groups = environment.resource_config.find("instance_groups");
  for (std::size_t i = 0; i < environment.instance_groups.size(); ++i) {
    dict.emplace_back(environment.instance_groups[i].name, (*groups->list())[i]);
  }
  return dump({std::move(dict)});
}

std::string json_channels(const Environment& environment, Dump dump) {
  PyDict channels;
  for (const auto& [name, path] : environment.channel_input_dirs) channels.push_back({name, {path}});
  return dump({std::move(channels)});
}

std::string json_or(const PyValue* value, const char* otherwise, Dump dump) {
  return value == nullptr ? otherwise : dump(*value);
}

// bool(text) and text != "{}", where Python's `and` lets an empty or missing text through as it is.
std::string json_modelparallel(const Environment& environment) {
  if (environment.mp_parameters.value_or("").empty()) return json_text(environment.mp_parameters);
  return json_bool(*environment.mp_parameters != "{}");
}

// Those of the hyperparameter, else those that were chosen.
PyValue groups_value(const Environment& environment) {
  const PyValue* given = environment.sagemaker_hyperparameters.find(distribution_groups_key);
  if (given != nullptr) return *given;
  PyList names;
  for (const std::string& name : environment.distribution_instance_groups) names.push_back({name});
  return {std::move(names)};
}

// The values that SM_TRAINING_ENV shares with other variables, as JSON.
struct SharedJson {
  explicit SharedJson(const Environment& environment, Dump dump = python_json_dumps)
      : hyperparameters(dump(environment.hyperparameters)),
        framework(dump(environment.framework_parameters)),
        input_data(dump(environment.input_data_config)),
        channels(json_channels(environment, dump)),
        hosts(json_texts(environment.hosts)),
        distribution_groups(dump(groups_value(environment))),
        groups(json_groups(environment, dump)),
        log_level(
            json_or(environment.sagemaker_hyperparameters.find("sagemaker_container_log_level"), "20", dump)),
        topology(json_or(environment.resource_config.find("topology"), "[]", dump)) {
    PyList names;
    for (const InstanceGroup& group : environment.instance_groups) names.push_back({group.name});
    group_names = python_json_dumps({std::move(names)});
  }
  std::string hyperparameters, framework, input_data, channels, hosts, distribution_groups, groups, log_level,
      topology;
  std::string group_names;
};

std::string training_env(const Environment& environment, const SharedJson& shared, const HostView& view) {
  const Paths& paths = environment.paths;
  // In the order of the keys, as in json.dumps.
  const std::pair<std::string_view, std::string> entries[] = {
      {"additional_framework_parameters", shared.framework},
      {"channel_input_dirs", shared.channels},
      {"current_host", json_text(view.host)},
      {"current_instance_group", json_text(view.group)},
      {"current_instance_group_hosts", view.group_hosts},
      {"current_instance_type", json_text(view.instance_type)},
      {"distribution_hosts", json_texts(environment.distribution_hosts)},
      {"distribution_instance_groups", shared.distribution_groups},
      {"framework_module", json_text(environment.framework_module)},
      {"hosts", shared.hosts},
      {"hyperparameters", shared.hyperparameters},
      {"input_config_dir", json_text(paths.input_config.native())},
      {"input_data_config", shared.input_data},
      {"input_dir", json_text(paths.input.native())},
      {"instance_groups", shared.group_names},
      {"instance_groups_dict", shared.groups},
      {"is_hetero", json_bool(environment.is_hetero)},
      {"is_master", json_bool(view.is_leader)},
      {"is_modelparallel_enabled", json_modelparallel(environment)},
      {"is_smddpmprun_installed", json_bool(environment.smddpmprun_installed)},
      {"is_smddprun_installed", json_bool(environment.smddprun_installed)},
      {"job_name", json_text(environment.job_name)},
      {"log_level", shared.log_level},
      {"master_hostname", json_text(environment.leader)},
      {"model_dir", json_text(paths.model.native())},
      {"module_dir", json_text(environment.module_dir)},
      {"module_name", json_text(environment.module_name)},
      {"network_interface_name", json_text(environment.network_interface)},
      {"num_cpus", std::to_string(view.num_cpus)},
      {"num_gpus", std::to_string(view.num_gpus)},
      {"num_neurons", std::to_string(environment.num_neurons)},
      {"output_data_dir", json_text(paths.output_data.native())},
      {"output_dir", json_text(paths.output.native())},
      {"output_intermediate_dir", json_text(paths.output_intermediate.native())},
      {"resource_config", view.resource_config},
      {"topology", shared.topology},
      {"user_entry_point", json_text(environment.user_entry_point)},
  };
  std::string json = "{";
  for (const auto& [key, value] : entries) {
    if (json.size() > 1) json += ',';
    json.append("\"").append(key).append("\":").append(value);
  }
  return json + "}";
}

Variables host_variables(const Environment& environment, const SharedJson& shared, const HostView& view) {
  return {
      {"SM_CURRENT_HOST", view.host},
      {"SM_CURRENT_INSTANCE_GROUP", view.group},
      {"SM_CURRENT_INSTANCE_GROUP_HOSTS", view.group_hosts},
      {"SM_CURRENT_INSTANCE_TYPE", view.instance_type},
      {"SM_NUM_CPUS", std::to_string(view.num_cpus)},
      {"SM_NUM_GPUS", std::to_string(view.num_gpus)},
      {"SM_RESOURCE_CONFIG", view.resource_config},
      {"SM_TRAINING_ENV", training_env(environment, shared, view)},
  };
}

// A topology is passed on where it is true in Python's sense.
bool has_topology(const Environment& environment) {
  const PyValue* topology = environment.resource_config.find("topology");
  return topology != nullptr && python_truth(*topology);
}

std::string log_level_variable(const Environment& environment) {
  const PyValue* level = environment.sagemaker_hyperparameters.find("sagemaker_container_log_level");
  return level == nullptr ? "20" : variable_value(*level);
}

}  // namespace

Variables sm_variables(const Environment& environment) {
  const Paths& paths = environment.paths;
  const SharedJson shared(environment);
  Variables variables = host_variables(environment, shared, view_of_reader(environment));

  // A later name that is the same in capitals wins, as in the toolkit.
  const auto set = [&](const std::string& name, const std::string& value) {
    variables[system_bytes(name).value_or(repair_utf8(name))] =
        system_bytes(value).value_or(repair_utf8(value));
  };
  std::vector<std::string> channels;
  for (const auto& [name, path] : environment.channel_input_dirs) channels.push_back(name);
  std::sort(channels.begin(), channels.end());

  set("SM_HOSTS", shared.hosts);
  set("SM_NETWORK_INTERFACE_NAME", environment.network_interface);
  set("SM_HPS", shared.hyperparameters);
  set("SM_USER_ENTRY_POINT", environment.user_entry_point.value_or(""));
  set("SM_FRAMEWORK_PARAMS", shared.framework);
  set("SM_INPUT_DATA_CONFIG", shared.input_data);
  set("SM_OUTPUT_DATA_DIR", paths.output_data.native());
  set("SM_CHANNELS", json_texts(channels));
  set("SM_INSTANCE_GROUPS", shared.group_names);
  set("SM_INSTANCE_GROUPS_DICT", shared.groups);
  set("SM_DISTRIBUTION_INSTANCE_GROUPS", variable_value(groups_value(environment)));
  set("SM_IS_HETERO", json_bool(environment.is_hetero));
  set("SM_MODULE_NAME", environment.module_name);
  set("SM_LOG_LEVEL", log_level_variable(environment));
  set("SM_FRAMEWORK_MODULE", environment.framework_module.value_or(""));
  set("SM_INPUT_DIR", paths.input.native());
  set("SM_INPUT_CONFIG_DIR", paths.input_config.native());
  set("SM_OUTPUT_DIR", paths.output.native());
  set("SM_NUM_NEURONS", std::to_string(environment.num_neurons));
  set("SM_MODEL_DIR", paths.model.native());
  set("SM_MODULE_DIR", environment.module_dir);
  set("SM_USER_ARGS", json_texts(environment.entry_point.arguments));
  set("SM_OUTPUT_INTERMEDIATE_DIR", paths.output_intermediate.native());
  if (has_topology(environment))
    set("SM_TOPOLOGY", variable_value(*environment.resource_config.find("topology")));
  for (const auto& [name, path] : environment.channel_input_dirs)
    set(python_upper("SM_CHANNEL_" + name), path);
  for (const auto& [key, value] : *environment.hyperparameters.dict()) {
    set(python_upper("SM_HP_" + key), variable_value(value));
  }
  if (!environment.trainer) return variables;
  for (auto& [name, value] : trainer_variables(environment)) variables[name] = value;
  for (auto& [name, value] :
       trainer_host_variables(environment, environment.current_host, environment.resource_config,
                              environment.num_gpus, environment.num_cpus))
    variables[name] = value;
  return variables;
}

std::string training_env_json(const Environment& environment) {
  const Dump dump = python_json_dumps_spaced;
  return training_env(environment, SharedJson(environment, dump), view_of_reader(environment, dump));
}

HostVariables::HostVariables(const Environment& environment) : environment_(environment) {
  for (const InstanceGroup& group : environment.instance_groups)
    for (const std::string& host : group.hosts) group_of_.emplace(host, &group);
  if (!environment.trainer) return;
  std::vector<std::string> hosts = environment.hosts;
  std::sort(hosts.begin(), hosts.end());
  for (std::size_t rank = 0; rank < hosts.size(); ++rank) trainer_rank_.emplace(hosts[rank], rank);
}

Variables HostVariables::all(const std::string& host, int num_gpus, int num_cpus) const {
  Variables made = host_variables(environment_, SharedJson(environment_),
                                  view_of_host(environment_, host, num_gpus, num_cpus));
  if (!environment_.trainer) return made;
  const PyValue config = resource_config_of_host(environment_.resource_config, host);
  for (auto& [name, value] : trainer_host_variables(environment_, host, config, num_gpus, num_cpus))
    made[name] = value;
  return made;
}

Variables HostVariables::brief(const std::string& host, int num_gpus, int num_cpus) const {
  const auto found = group_of_.find(host);
  const PyValue& config = environment_.resource_config;
  const bool has_group = config.find("current_group_name") != nullptr && found != group_of_.end();
  const bool has_type = config.find("current_instance_type") != nullptr && found != group_of_.end();
  Variables made = {
      {"SM_CURRENT_HOST", host},
      {"SM_CURRENT_INSTANCE_GROUP", has_group ? found->second->name : instance_group_in(config)},
      {"SM_CURRENT_INSTANCE_TYPE", has_type ? found->second->instance_type : instance_type_in(config)},
      {"SM_NUM_CPUS", std::to_string(num_cpus)},
      {"SM_NUM_GPUS", std::to_string(num_gpus)}};
  if (const auto rank = trainer_rank_.find(host); rank != trainer_rank_.end())
    made[trainer_rank_variable] = std::to_string(rank->second);
  return made;
}

}  // namespace smlaunch
