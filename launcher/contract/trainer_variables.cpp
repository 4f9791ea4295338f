// SPDX-License-Identifier: Apache-2.0
// The variables of the SDK's drivers (container_drivers/scripts/environment.py). SM_MASTER_ADDR is always
// algo-1 there; here it is the host that leads.
#include <algorithm>

#include "base/unicode.hpp"
#include "launcher/contract/hyperparameters.hpp"
#include "launcher/contract/trainer_job.hpp"

namespace smlaunch {
namespace {

constexpr const char* master_port = "7777";
constexpr const char* default_log_level = "20";

PyList as_list(const std::vector<std::string>& texts) {
  PyList list;
  for (const std::string& text : texts) list.push_back({text});
  return list;
}

std::string variable_name(const std::string& key) {
  std::string name = "SM_HP_" + key;
  std::replace(name.begin(), name.end(), '-', '_');
  return python_upper(name);
}

std::vector<std::string> sorted_hosts(const Environment& environment) {
  std::vector<std::string> hosts = environment.hosts;
  std::sort(hosts.begin(), hosts.end());
  return hosts;
}

PyValue network_interface(const Environment& environment) {
  const PyValue* named = environment.resource_config.find("network_interface_name");
  return named == nullptr ? PyValue{environment.network_interface} : *named;
}

PyValue number(long value) { return {PyInt{std::to_string(value)}}; }

PyDict channels_of(const Environment& environment) {
  PyDict channels;
  for (const auto& [name, path] : environment.channel_input_dirs) channels.emplace_back(name, PyValue{path});
  return channels;
}

std::string training_env(const Environment& environment, const std::string& host, const PyValue& config,
                         int num_gpus, int num_cpus) {
  const Paths& paths = environment.paths;
  const PyValue* type = config.find("current_instance_type");
  const auto& job_level = environment.trainer->log_level;
  const PyDict entries = {
      {"channel_input_dirs", {channels_of(environment)}},
      {"current_host", {host}},
      {"current_instance_type", type == nullptr ? PyValue{environment.current_instance_type} : *type},
      {"hosts", {as_list(sorted_hosts(environment))}},
      {"master_addr", {environment.leader}},
      {"master_port", {PyInt{master_port}}},
      {"hyperparameters", environment.hyperparameters},
      {"input_data_config", environment.input_data_config},
      {"input_config_dir", {paths.input_config.native()}},
      {"input_data_dir", {paths.input_data.native()}},
      {"input_dir", {paths.input.native()}},
      {"job_name", environment.job_name ? PyValue{*environment.job_name} : PyValue()},
      {"log_level", job_level ? PyValue{*job_level} : PyValue{PyInt{default_log_level}}},
      {"model_dir", {paths.model.native()}},
      {"network_interface_name", network_interface(environment)},
      {"num_cpus", number(num_cpus)},
      {"num_gpus", number(num_gpus)},
      {"num_neurons", number(environment.num_neurons)},
      {"output_data_dir", {paths.output_data.native()}},
      {"resource_config", config},
  };
  return python_json_dumps_spaced({entries});
}

}  // namespace

Variables trainer_variables(const Environment& environment) {
  const TrainerJob& job = *environment.trainer;
  const Paths& paths = environment.paths;
  const std::vector<std::string> hosts = sorted_hosts(environment);
  Variables made = {
      {"SM_MODEL_DIR", paths.model.native()},
      {"SM_INPUT_DIR", paths.input.native()},
      {"SM_INPUT_DATA_DIR", paths.input_data.native()},
      {"SM_INPUT_CONFIG_DIR", paths.input_config.native()},
      {"SM_OUTPUT_DIR", paths.output.native()},
      {"SM_OUTPUT_FAILURE", paths.failure.native()},
      {"SM_OUTPUT_DATA_DIR", paths.output_data.native()},
      {"SM_LOG_LEVEL", job.log_level.value_or(default_log_level)},
      {"SM_MASTER_ADDR", environment.leader},
      {"SM_MASTER_PORT", master_port},
      {"SM_HOSTS", python_json_dumps_spaced({as_list(hosts)})},
      {"SM_HOST_COUNT", std::to_string(hosts.size())},
      {"SM_NETWORK_INTERFACE_NAME", trainer_value(network_interface(environment))},
      {"SM_NUM_NEURONS", std::to_string(environment.num_neurons)},
      {"SM_HPS", python_json_dumps_spaced(environment.hyperparameters)},
      {"SM_INPUT_DATA_CONFIG", python_json_dumps_spaced(environment.input_data_config)},
  };
  const auto set = [&](const std::string& name, const std::string& value) {
    made[system_bytes(name).value_or(repair_utf8(name))] = system_bytes(value).value_or(repair_utf8(value));
  };
  if (python_truth(job.source_code)) {
    set("SM_SOURCE_DIR", (paths.input_data / "code").native());
    const PyValue* script = job.source_code.find("entry_script");
    set("SM_ENTRY_SCRIPT", script == nullptr ? "" : trainer_value(*script));
  }
  if (python_truth(job.distributed)) {
    set("SM_DISTRIBUTED_DRIVER_DIR", (job.drivers / "distributed_drivers").native());
    set("SM_DISTRIBUTED_CONFIG", python_json_dumps_spaced(job.distributed));
  }
  std::vector<std::string> channels;
  for (const auto& [name, path] : environment.channel_input_dirs) {
    channels.push_back(name);
    set(python_upper("SM_CHANNEL_" + name), path);
  }
  set("SM_CHANNELS", python_json_dumps_spaced({as_list(channels)}));
  for (const auto& [key, value] : *environment.hyperparameters.dict())
    set(variable_name(key), trainer_value(value));
  return made;
}

Variables trainer_host_variables(const Environment& environment, const std::string& host,
                                 const PyValue& resource_config, int num_gpus, int num_cpus) {
  const std::vector<std::string> hosts = sorted_hosts(environment);
  const auto own = std::find(hosts.begin(), hosts.end(), host);
  return {
      {trainer_rank_variable, std::to_string(own - hosts.begin())},
      {"SM_RESOURCE_CONFIG", python_json_dumps_spaced(resource_config)},
      {"SM_TRAINING_ENV", training_env(environment, host, resource_config, num_gpus, num_cpus)},
  };
}

}  // namespace smlaunch
