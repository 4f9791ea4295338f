// SPDX-License-Identifier: Apache-2.0
#include "cuda/nvml_fabric.hpp"

#include <algorithm>
#include <iterator>

#include "base/hex.hpp"
#include "topology/nvlink_domain.hpp"

namespace smlaunch {

namespace {

constexpr unsigned version_2 = static_cast<unsigned>(sizeof(FabricInfoV)) | 2U << 24U;
constexpr unsigned char completed = 3;  // NVML_GPU_FABRIC_STATE_COMPLETED

}  // namespace

std::optional<NvlinkDomain> domain_of_fabric(const FabricInfo& info) {
  if (info.state != completed || info.status != nvml_success) return {};
  NvlinkDomain domain{.cluster = to_hex({reinterpret_cast<const char*>(info.cluster), sizeof info.cluster}),
                      .clique = info.clique};
  if (!is_nvlink_cluster(domain.cluster)) return {};
  return domain;
}

std::optional<NvlinkDomain> read_domain(const FabricFunctions& nvml, nvmlDevice_t device) {
  FabricInfoV told{};
  told.version = version_2;
  FabricInfo info{};
  if (nvml.info_v != nullptr && nvml.info_v(device, &told) == nvml_success) {
    std::copy(std::begin(told.cluster), std::end(told.cluster), std::begin(info.cluster));
    info.status = told.status;
    info.clique = told.clique;
    info.state = told.state;
  } else if (nvml.info == nullptr || nvml.info(device, &info) != nvml_success) {
    return {};
  }
  return domain_of_fabric(info);
}

}  // namespace smlaunch
