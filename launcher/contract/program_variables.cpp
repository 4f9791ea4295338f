// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/program_variables.hpp"

#include "base/unicode.hpp"
#include "launcher/contract/hyperparameters.hpp"

#include <algorithm>
#include <array>

namespace smlaunch {

namespace {

constexpr const char* job_name_variable = "SAGEMAKER_JOB_NAME";
constexpr const char* region_variable = "SAGEMAKER_REGION";

std::string value_in(const Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace

Variables program_variables(const Environment& environment, const Variables& inherited) {
  Variables made = {{current_host_variable, environment.current_host},
                    {python_path_variable, python_path(environment.entry_point.working_directory.native(),
                                                       value_in(inherited, python_path_variable))}};
  const auto set = [&](const char* name, const char* hyperparameter, const std::string& otherwise) {
    const PyValue* value = environment.sagemaker_hyperparameters.find(hyperparameter);
    if (value == nullptr) {
      if (!inherited.contains(name)) made[name] = otherwise;
      return;
    }
    const std::string text = variable_value(*value);
    made[name] = system_bytes(text).value_or(repair_utf8(text));
  };
  set(job_name_variable, "sagemaker_job_name", "");
  set(region_variable, "sagemaker_region", value_in(inherited, "AWS_DEFAULT_REGION"));
  return made;
}

std::string program_region(const Environment& environment, const Variables& inherited) {
  const Variables made = program_variables(environment, inherited);
  const auto found = made.find(region_variable);
  return found == made.end() ? value_in(inherited, region_variable) : found->second;
}

std::string python_path(const std::string& folder, const std::string& inherited) {
  if (folder.empty() || inherited == folder || inherited.starts_with(folder + ":")) return inherited;
  return inherited.empty() ? folder : folder + ":" + inherited;
}

bool is_said_by_job(const std::string& variable) {
  return variable == current_host_variable || variable == job_name_variable || variable == region_variable;
}

bool is_always_ours(const std::string& variable) {
  static constexpr std::array<std::string_view, 6> identity = {
      "RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "NODE_RANK", "GROUP_RANK"};
  return variable.starts_with("SM_") ||
         std::find(identity.begin(), identity.end(), variable) != identity.end();
}

}  // namespace smlaunch
