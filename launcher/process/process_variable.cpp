// SPDX-License-Identifier: Apache-2.0
#include "launcher/process/process_variable.hpp"

#include <algorithm>

#include "base/read_file.hpp"

namespace smlaunch {

std::optional<std::string_view> find_variable(std::string_view environment, std::string_view name) {
  while (!environment.empty()) {
    const std::string_view variable = environment.substr(0, environment.find('\0'));
    environment.remove_prefix(std::min(variable.size() + 1, environment.size()));
    if (variable.size() > name.size() && variable.starts_with(name) && variable[name.size()] == '=')
      return variable.substr(name.size() + 1);
  }
  return {};
}

std::optional<std::string> read_process_variable(int pid, std::string_view name) {
  const std::string environment = read_small_file("/proc/" + std::to_string(pid) + "/environ");
  const auto value = find_variable(environment, name);
  return value ? std::optional<std::string>(*value) : std::nullopt;
}

}  // namespace smlaunch
