// SPDX-License-Identifier: Apache-2.0
// Which NVLink domain a GPU is in, by NVML: since driver 525 by a plain structure, since 550 also by one with a
// version. Declared by hand, as in nvml_functions.hpp.
#pragma once

#include <optional>

#include "cuda/nvml_functions.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// nvmlGpuFabricInfo_t.
struct FabricInfo {
  unsigned char cluster[16];
  nvmlReturn_t status;  // counts only when it is completed
  unsigned clique;
  unsigned char state;
};

// nvmlGpuFabricInfo_v2_t: later versions are accepted beside it.
struct FabricInfoV {
  unsigned version;
  unsigned char cluster[16];
  nvmlReturn_t status;
  unsigned clique;
  unsigned char state;
  unsigned health;
};
static_assert(sizeof(FabricInfoV) == 36, "as NVML has it: its size is part of its version");

struct FabricFunctions {
  nvmlReturn_t (*info_v)(nvmlDevice_t, FabricInfoV*) = nullptr;
  nvmlReturn_t (*info)(nvmlDevice_t, FabricInfo*) = nullptr;
};

// Pure. Nothing: the GPU has not been registered in a fabric, or is in one without other hosts, whose UUID is zeros.
std::optional<NvlinkDomain> domain_of_fabric(const FabricInfo& info);

std::optional<NvlinkDomain> read_domain(const FabricFunctions& nvml, nvmlDevice_t device);

}  // namespace smlaunch
