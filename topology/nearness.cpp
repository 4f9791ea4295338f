// SPDX-License-Identifier: Apache-2.0
#include "topology/nearness.hpp"

#include <algorithm>
#include <cstddef>

namespace smlaunch {

Nearness nearness(const PciPlace& a, const PciPlace& b) {
  const auto parted = std::mismatch(a.bridges.begin(), a.bridges.end(), b.bridges.begin(), b.bridges.end());
  const auto shared = static_cast<std::size_t>(parted.first - a.bridges.begin());
  if (shared == 1) return Nearness::PHB;
  if (shared > 1) {
    // One switch lies between two devices when each hangs on one of its ports: then at most one bridge, that
    // port, is below the shared bridge. With more bridges, the way leads through several switches.
    const std::size_t below = std::max(a.bridges.size(), b.bridges.size()) - shared;
    return below <= 1 ? Nearness::PIX : Nearness::PXB;
  }
  if (a.numa && a.numa == b.numa) return Nearness::NODE;
  if (a.package && a.package == b.package) return Nearness::NODE;
  return Nearness::SYS;
}

std::vector<std::vector<Nearness>> gpu_nic_nearness(const std::vector<PciPlace>& gpus,
                                                    const std::vector<PciPlace>& nics) {
  std::vector<std::vector<Nearness>> matrix;
  for (const PciPlace& gpu : gpus) {
    auto& row = matrix.emplace_back();
    for (const PciPlace& nic : nics) row.push_back(nearness(gpu, nic));
  }
  return matrix;
}

std::vector<std::vector<std::string>> nearness_among(const std::vector<PciPlace>& devices) {
  std::vector<std::vector<std::string>> matrix;
  for (const PciPlace& device : devices) {
    auto& row = matrix.emplace_back();
    for (const PciPlace& other : devices)
      row.push_back(&device == &other ? "X" : to_string(nearness(device, other)));
  }
  return matrix;
}

}  // namespace smlaunch
