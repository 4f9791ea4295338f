// SPDX-License-Identifier: Apache-2.0
#include "launcher/devices/device_event.hpp"

namespace smlaunch {

std::string to_string(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::nic_link: return "nic_link";
    case DeviceKind::nic_errors: return "nic_errors";
    case DeviceKind::out_of_memory: return "out_of_memory";
    case DeviceKind::disk_full: return "disk_full";
    case DeviceKind::clock_jump: return "clock_jump";
    case DeviceKind::gpu_xid: return "gpu_xid";
    case DeviceKind::gpu_ecc: return "gpu_ecc";
    case DeviceKind::gpu_lost: return "gpu_lost";
    case DeviceKind::gpu_throttle: return "gpu_throttle";
  }
  return "nic_link";
}

std::optional<DeviceKind> parse_device_kind(std::string_view text) {
  for (const DeviceKind each : {DeviceKind::nic_link, DeviceKind::nic_errors, DeviceKind::out_of_memory,
                                DeviceKind::disk_full, DeviceKind::clock_jump, DeviceKind::gpu_xid,
                                DeviceKind::gpu_ecc, DeviceKind::gpu_lost, DeviceKind::gpu_throttle})
    if (to_string(each) == text) return each;
  return {};
}

}  // namespace smlaunch
