// SPDX-License-Identifier: Apache-2.0
// The room launcher/devices: what the kernel and the devices of a host say while a job runs: NICs, GPUs,
// memory, disks, the clock. It promises that what counts as an event is a pure function of readings, that
// nothing of the device is changed or waited for by its caller, and that no CUDA context is made. It touches
// /sys, /proc, file systems' free room and NVML, in a thread of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

enum class DeviceKind {
  nic_link,       // lost, or there again
  nic_errors,     // the link works, but badly
  out_of_memory,  // the kernel has killed processes
  disk_full,
  clock_jump,
  gpu_xid,  // NVIDIA's number of an error
  gpu_ecc,  // memory errors that could not be corrected
  gpu_lost,
  gpu_throttle
};
std::string to_string(DeviceKind kind);
std::optional<DeviceKind> parse_device_kind(std::string_view text);

// What became known by one reading. "DEVICE of HOST TEXT" and "DEVICE TEXT" are sentences.
struct DeviceEvent {
  DeviceKind kind = DeviceKind::nic_link;
  std::string device = {};  // "GPU 3", "mlx5_0:1", "/tmp"
  std::string pci = {};     // of a GPU
  std::string text = {};    // "reported XID 79 (the GPU has fallen off the bus)"
  // Its host is not fit for another try: the device will not heal by itself.
  bool is_lasting = false;
  // For a rank to fail: it follows from the end of a process, or concerns other programs than the job's.
  bool is_no_reason = false;
  bool operator==(const DeviceEvent&) const = default;
};

}  // namespace smlaunch
