// SPDX-License-Identifier: Apache-2.0
// What the NVIDIA driver says about its GPUs. Its library is loaded at run time and no CUDA context is made,
// so the same program runs with and without a driver and takes no GPU memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/machine.hpp"

namespace smlaunch {

struct NvmlGpu {
  int index = 0;
  std::string model;
  std::string uuid;
  std::string pci;  // "0000:3b:00.0"
  std::uint64_t memory_bytes = 0;
  bool mig = false;  // cut into MIG instances
  // For each active link to a GPU or a switch, the PCI id at its other end; "" if not told. No links to a
  // CPU.
  std::vector<std::string> nvlink_peers;
  std::vector<std::string> mig_instances = {};  // their UUIDs: "MIG-…"
  std::uint64_t memory_used = 0;                // in bytes, by all processes
  std::optional<NvlinkDomain> domain = {};
  bool operator==(const NvmlGpu&) const = default;
};

enum class DriverState { answered, no_driver, no_library, failed };

struct NvmlAnswer {
  DriverState state = DriverState::no_driver;
  std::string error;  // of `failed`: the driver's own words
  std::vector<NvmlGpu> gpus;
  std::vector<std::string> unreachable;  // "GPU 3: GPU is lost"
  bool operator==(const NvmlAnswer&) const = default;
};

// Asks the driver through `library`. `driver_is_loaded` tells a missing library from a missing driver.
NvmlAnswer read_nvml(const std::string& library, bool driver_is_loaded);

// "00000000:3B:00.0" -> "0000:3b:00.0"; nothing for what is no PCI id.
std::optional<std::string> parse_pci_id(std::string_view text);

}  // namespace smlaunch
