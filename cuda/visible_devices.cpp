// SPDX-License-Identifier: Apache-2.0
#include "cuda/visible_devices.hpp"

#include <fmt/format.h>

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

}  // namespace

VisibleDevices parse_visible_devices(std::string_view text, const std::vector<Gpu>& gpus) {
  VisibleDevices visible;
  // The two usual ways to say "none".
  if (trimmed(text).empty() || trimmed(text) == "-1") return visible;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view entry = trimmed(text.substr(begin, comma - begin));
    begin = comma + 1;
    std::string wrong;
    const auto gpu = find_gpu(entry, gpus);
    if (entry.substr(0, 4) == "MIG-") {
      wrong = "is a MIG instance, which ranks cannot be placed on";
    } else if (!gpu) {
      wrong = "names none of this machine's GPUs";
    } else if (std::find(visible.gpus.begin(), visible.gpus.end(), *gpu) != visible.gpus.end()) {
      wrong = "names a GPU a second time";
    }
    if (!wrong.empty()) {
      visible.notes.push_back(
          fmt::format("CUDA_VISIBLE_DEVICES: '{}' {}, so CUDA ignores it and what follows it", entry, wrong));
      break;
    }
    visible.gpus.push_back(*gpu);
  }
  return visible;
}

}  // namespace smlaunch
