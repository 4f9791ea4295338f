// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/long_variables.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "base/own_words.hpp"
#include "launcher/contract/result_files.hpp"
#include "launcher/process/write_file.hpp"

namespace smlaunch {

Result<void> write_long_variables(const LaunchPlan& plan) {
  std::error_code error;
  if (!plan.long_variables.empty() && !std::filesystem::exists(plan.job->paths.base, error)) {
    say("warning: {} does not exist: {} is in no file either", plan.job->paths.base.string(),
        fmt::join(plan.long_variables, ", "));
    return {};
  }
  const Variables all = sm_variables(*plan.job);
  for (const std::string& name : plan.long_variables) {
    const auto found = all.find(name);
    if (found == all.end()) continue;
    if (auto written = write_file(long_variable_file(plan.job->paths, name), found->second); !written)
      return written;
  }
  return {};
}

}  // namespace smlaunch
