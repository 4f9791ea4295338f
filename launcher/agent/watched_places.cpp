// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/watched_places.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

namespace smlaunch {

namespace {

std::string value_of(const Start& start, const std::string& name) {
  for (const auto* variables : {&start.variables, &start.user_variables, &start.default_variables})
    if (const auto found = variables->find(name); found != variables->end()) return found->second;
  return "";
}

// NCCL's form: names or prefixes after commas, "=" before them for names alone, "^" for those that are not
// used.
std::vector<std::string> interfaces_in(std::string_view list) {
  std::vector<std::string> names;
  if (list.starts_with('^')) return names;
  if (list.starts_with('=')) list.remove_prefix(1);
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view word = list.substr(0, end);
    const std::string_view name = word.substr(0, word.find(':'));
    if (!name.empty() && name.find('/') == std::string_view::npos && !name.starts_with('.'))
      names.emplace_back(name);
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return names;
}

}  // namespace

WatchedPlaces watched_places(const Start& start) {
  WatchedPlaces places{.interfaces = interfaces_in(value_of(start, "NCCL_SOCKET_IFNAME"))};
  if (const std::string output = value_of(start, "SM_OUTPUT_DIR"); !output.empty()) {
    places.folders.push_back(output);
    // Where SageMaker has checkpoints written to.
    places.folders.push_back((std::filesystem::path(output).parent_path() / "checkpoints").string());
  }
  if (const std::string model = value_of(start, "SM_MODEL_DIR"); !model.empty())
    places.folders.push_back(model);
  const std::string temporary = value_of(start, "TMPDIR");
  places.folders.push_back(temporary.empty() ? "/tmp" : temporary);
  return places;
}

}  // namespace smlaunch
