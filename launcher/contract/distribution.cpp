// SPDX-License-Identifier: Apache-2.0
// Where the hyperparameters name no groups, any kind of distribution means this host's own group. In a
// cluster of several groups, each group then is a job of its own.
#include "launcher/contract/distribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace smlaunch {
namespace {

constexpr const char* switches_of_groups[] = {
    "sagemaker_mpi_enabled",
    "sagemaker_parameter_server_enabled",
    "sagemaker_distributed_dataparallel_enabled",
    "sagemaker_pytorch_ddp_enabled",
    "sagemaker_pytorch_xla_multi_worker_enabled",
    "sagemaker_multi_worker_mirrored_strategy_enabled",
    "sagemaker_torch_distributed_enabled",
};

// The toolkit asks Python whether a name is `in` the value: where the value is text, that means a part of
// the text.
void choose_groups_in(const std::string& text, Environment& environment) {
  auto& chosen = environment.distribution_instance_groups;
  const auto add = [&](const std::string& name) {
    const bool is_new = std::find(chosen.begin(), chosen.end(), name) == chosen.end();
    if (is_new && text.find(name) != std::string::npos) chosen.push_back(name);
  };
  for (const InstanceGroup& group : environment.instance_groups) add(group.name);
  add(environment.current_instance_group);
}

void choose_groups(Environment& environment, ConfigProblems& problems) {
  const PyValue& parameters = environment.sagemaker_hyperparameters;
  const PyValue* value = parameters.find(distribution_groups_key);
  if (value == nullptr) {
    const bool distributed =
        std::any_of(std::begin(switches_of_groups), std::end(switches_of_groups), [&](const char* key) {
          const PyValue* is_on = parameters.find(key);
          return is_on != nullptr && python_truth(*is_on);
        });
    if (distributed) environment.distribution_instance_groups = {environment.current_instance_group};
    return;
  }
  if (value->string() != nullptr) return choose_groups_in(*value->string(), environment);
  const auto& groups = environment.instance_groups;
  const PyList* list = problems.expect_list(*value, distribution_groups_key);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const std::string path = json_path(distribution_groups_key, i);
    const std::string* name = problems.expect_text((*list)[i], path);
    if (name == nullptr) continue;
    environment.distribution_instance_groups.push_back(*name);
    const bool known =
        std::any_of(groups.begin(), groups.end(), [&](const auto& g) { return g.name == *name; });
    if (!known && !groups.empty()) {
      environment.warnings.push_back(
          problems.make(path, fmt::format("no instance group is named {}", *name)));
    }
  }
}

}  // namespace

void choose_distribution(Environment& environment, ConfigProblems& hyperparameter_problems) {
  choose_groups(environment, hyperparameter_problems);
  const auto& named = environment.distribution_instance_groups;
  const std::unordered_set<std::string> names(named.begin(), named.end());
  auto& hosts = environment.distribution_hosts;
  if (environment.instance_groups.empty()) hosts = environment.hosts;
  for (const InstanceGroup& group : environment.instance_groups) {
    if (names.count(group.name) > 0) hosts.insert(hosts.end(), group.hosts.begin(), group.hosts.end());
  }
  if (!hosts.empty()) {
    environment.leader = hosts.front();
  } else if (!environment.hosts.empty()) {
    environment.leader = environment.hosts.front();
  }
  // A machine that hosts no rank leads from outside.
  environment.is_leader = environment.current_host.empty() || environment.current_host == environment.leader;
}

}  // namespace smlaunch
