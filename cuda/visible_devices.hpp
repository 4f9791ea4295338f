// SPDX-License-Identifier: Apache-2.0
// CUDA_VISIBLE_DEVICES, read as CUDA reads it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

struct VisibleDevices {
  std::vector<std::size_t> gpus;             // positions in the list that was given, in CUDA's order
  std::optional<MachineFinding> wrong = {};  // with the entry that ends the list
  bool operator==(const VisibleDevices&) const = default;
};

// `gpus`: the GPUs that the driver shows, in its order; a GPU that is not usable is cut into MIG instances.
// Numbers and UUIDs (or their beginnings) may be mixed; as in CUDA, the first entry that names no GPU ends
// the list. A MIG instance stands for its GPU, and a GPU that is cut into instances for its first instance.
// Such an entry must be the only one: CUDA gives a process one instance and nothing else (MIG User Guide,
// CUDA Device Enumeration).
VisibleDevices parse_visible_devices(std::string_view text, const std::vector<Gpu>& gpus);

}  // namespace smlaunch
