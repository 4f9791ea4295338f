// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/base_folder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "launcher/contract/local_job.hpp"

namespace smlaunch {

BaseFolder choose_base_folder(const Options& options, const Variables& variables,
                              const BaseFolderFacts& facts) {
  const auto given = variables.find(base_dir_variable);
  const std::string otherwise =
      given == variables.end() ? "default" : fmt::format("variable {}", base_dir_variable);
  const std::string source = source_of(options, "base-dir", otherwise);
  if (options.base_dir) return {*options.base_dir, source};
  if (given != variables.end() && !given->second.empty()) return {given->second, source};
  if (options.hosts || options.hostfile || options.resource_config || facts.has_hosts || facts.has_container)
    return {container_base_dir, source};
  const auto home = variables.find("HOME");
  return {local_base_dir(home == variables.end() ? "/root" : home->second, facts.seconds).string(),
          given != variables.end() ? source
                                   : "outside a container: a run makes such a folder, with empty "
                                     "hyperparameters.json and inputdataconfig.json and this host alone in "
                                     "resourceconfig.json",
          true, false};
}

BaseFolder find_base_folder(const Options& options, const Variables& variables, bool has_hosts) {
  BaseFolderFacts facts;
  facts.has_hosts = has_hosts;
  std::error_code error;
  facts.has_container = std::filesystem::exists(container_base_dir, error);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  facts.seconds = fmt::format("{:.6f}", std::chrono::duration<double>(now).count());
  return choose_base_folder(options, variables, facts);
}

bool is_without_job(const Options& options, const Variables& variables, const BaseFolder& base) {
  if (base.is_made || options.entry_point) return false;
  for (const char* name : {"SAGEMAKER_PROGRAM", "SAGEMAKER_TRAINING_MODULE"})
    if (const auto found = variables.find(name); found != variables.end() && !found->second.empty())
      return false;
  return true;
}

}  // namespace smlaunch
