// SPDX-License-Identifier: Apache-2.0
#include "cuda/visible_devices.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace smlaunch {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::size_t> find_gpu(std::string_view entry, const std::vector<Gpu>& gpus) {
  std::size_t number = 0;
  const auto [stopped, error] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
  if (error == std::errc{} && stopped == entry.data() + entry.size()) {
    return number < gpus.size() ? std::optional(number) : std::nullopt;
  }
  if (entry.substr(0, 4) != "GPU-") return std::nullopt;
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (std::string_view(gpus[i].uuid).substr(0, entry.size()) != entry) continue;
    if (found) return std::nullopt;
    found = i;
  }
  return found;
}

// "MIG-…" as the driver names an instance, or the older form "MIG-GPU-…/1/0", which holds the GPU's UUID.
std::optional<std::size_t> find_gpu_of_instance(std::string_view entry, const std::vector<Gpu>& gpus) {
  const std::string_view of_gpu = entry.substr(4, entry.find('/') - 4);
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    const auto& instances = gpus[i].mig_instances;
    const bool is_its = std::find(instances.begin(), instances.end(), entry) != instances.end();
    if (is_its || (!gpus[i].usable && !gpus[i].uuid.empty() && gpus[i].uuid == of_gpu)) return i;
  }
  return std::nullopt;
}

}  // namespace

VisibleDevices parse_visible_devices(std::string_view text, const std::vector<Gpu>& gpus) {
  VisibleDevices visible;
  // The two usual ways to say "none".
  if (trimmed(text).empty() || trimmed(text) == "-1") return visible;
  bool has_instance = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view entry = trimmed(text.substr(begin, comma - begin));
    begin = comma + 1;
    std::optional<FindingKind> wrong;
    const bool names_instance = entry.substr(0, 4) == "MIG-";
    const auto gpu = names_instance ? find_gpu_of_instance(entry, gpus) : find_gpu(entry, gpus);
    const bool is_instance = names_instance || (gpu && !gpus[*gpu].usable);
    if (names_instance && !gpu) {
      wrong = FindingKind::visible_no_instance;
    } else if (!visible.gpus.empty() && (is_instance || has_instance)) {
      wrong = FindingKind::visible_beside_instance;
    } else if (!gpu) {
      wrong = FindingKind::visible_no_gpu;
    } else if (std::find(visible.gpus.begin(), visible.gpus.end(), *gpu) != visible.gpus.end()) {
      wrong = FindingKind::visible_twice;
    } else if (is_instance && gpus[*gpu].mig_instances.empty()) {
      wrong = FindingKind::visible_without_instances;
    }
    has_instance = is_instance;
    if (wrong) {
      visible.wrong = MachineFinding{.kind = *wrong, .subject = std::string(entry)};
      break;
    }
    visible.gpus.push_back(*gpu);
  }
  return visible;
}

}  // namespace smlaunch
