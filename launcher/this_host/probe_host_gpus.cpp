// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/probe_host_gpus.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/read_file.hpp"
#include "cuda/nvml.hpp"

namespace smlaunch {

namespace {

int count_on_bus() {
  int count = 0;
  std::error_code error;
  for (const auto& device : std::filesystem::directory_iterator("/sys/bus/pci/devices", error)) {
    const bool is_nvidia = read_small_file(device.path() / "vendor").starts_with("0x10de");
    if (is_nvidia && read_small_file(device.path() / "class").starts_with("0x03")) ++count;
  }
  return count;
}

// /dev/nvidia0 and so on; not /dev/nvidiactl.
bool has_device_nodes() {
  std::error_code error;
  for (const auto& node : std::filesystem::directory_iterator("/dev", error)) {
    const std::string name = node.path().filename();
    if (name.starts_with("nvidia") && name.size() > 6 &&
        std::all_of(name.begin() + 6, name.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
      return true;
  }
  return false;
}

}  // namespace

HostGpus probe_host_gpus() {
  std::error_code error;
  HostGpus gpus;
  gpus.on_bus = count_on_bus();
  gpus.module_loaded = std::filesystem::exists("/sys/module/nvidia", error);
  gpus.device_nodes = has_device_nodes();
  const NvmlAnswer answer = read_nvml("libnvidia-ml.so.1", gpus.module_loaded);
  gpus.usable = static_cast<int>(answer.gpus.size());
  switch (answer.state) {
    case DriverState::answered:
      if (!answer.unreachable.empty()) gpus.nvml_error = answer.unreachable.front();
      break;
    case DriverState::no_driver: gpus.nvml_error = "no NVIDIA driver is loaded"; break;
    case DriverState::no_library: gpus.nvml_error = "libnvidia-ml.so.1 is not here"; break;
    case DriverState::failed: gpus.nvml_error = answer.error; break;
  }
  return gpus;
}

}  // namespace smlaunch
