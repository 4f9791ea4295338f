// SPDX-License-Identifier: Apache-2.0
#include "cuda/nvml.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>

#include "cuda/nvml_fabric.hpp"
#include "cuda/nvml_functions.hpp"

namespace smlaunch {
namespace {

constexpr nvmlReturn_t nvml_driver_not_loaded = 9;
constexpr unsigned most_links = 18;
constexpr unsigned peer_is_cpu = 1;  // NVML_NVLINK_DEVICE_TYPE_IBMNPU

struct nvmlMemory_t {
  unsigned long long total;
  unsigned long long free;
  unsigned long long used;
};

// The functions that every driver has; a library without one of them is not NVML.
struct Required {
  nvmlReturn_t (*init)() = nullptr;
  nvmlReturn_t (*shutdown)() = nullptr;
  nvmlReturn_t (*count)(unsigned*) = nullptr;
  nvmlReturn_t (*handle)(unsigned, nvmlDevice_t*) = nullptr;
  nvmlReturn_t (*pci_info)(nvmlDevice_t, nvmlPciInfo_t*) = nullptr;
  nvmlReturn_t (*name)(nvmlDevice_t, char*, unsigned) = nullptr;
  nvmlReturn_t (*uuid)(nvmlDevice_t, char*, unsigned) = nullptr;
  nvmlReturn_t (*memory)(nvmlDevice_t, nvmlMemory_t*) = nullptr;
  const char* (*error)(nvmlReturn_t) = nullptr;
};

// The functions that older drivers lack.
struct Optional {
  nvmlReturn_t (*mig_mode)(nvmlDevice_t, unsigned*, unsigned*) = nullptr;
  nvmlReturn_t (*mig_count)(nvmlDevice_t, unsigned*) = nullptr;
  nvmlReturn_t (*mig_handle)(nvmlDevice_t, unsigned, nvmlDevice_t*) = nullptr;
  nvmlReturn_t (*link_state)(nvmlDevice_t, unsigned, unsigned*) = nullptr;
  nvmlReturn_t (*link_peer)(nvmlDevice_t, unsigned, nvmlPciInfo_t*) = nullptr;
  nvmlReturn_t (*link_peer_kind)(nvmlDevice_t, unsigned, unsigned*) = nullptr;
  FabricFunctions fabric = {};
};

bool find_required(void* library, Required& nvml) {
  return find_function(library, "nvmlInit_v2", nvml.init) &&
         find_function(library, "nvmlShutdown", nvml.shutdown) &&
         find_function(library, "nvmlDeviceGetCount_v2", nvml.count) &&
         find_function(library, "nvmlDeviceGetHandleByIndex_v2", nvml.handle) &&
         find_function(library, "nvmlDeviceGetPciInfo_v3", nvml.pci_info) &&
         find_function(library, "nvmlDeviceGetName", nvml.name) &&
         find_function(library, "nvmlDeviceGetUUID", nvml.uuid) &&
         find_function(library, "nvmlDeviceGetMemoryInfo", nvml.memory) &&
         find_function(library, "nvmlErrorString", nvml.error);
}

std::vector<std::string> read_nvlink_peers(const Optional& nvml, nvmlDevice_t device) {
  std::vector<std::string> peers;
  if (nvml.link_state == nullptr || nvml.link_peer == nullptr) return peers;
  for (unsigned link = 0; link < most_links; ++link) {
    unsigned active = 0;
    if (nvml.link_state(device, link, &active) != nvml_success) break;
    if (active == 0) continue;
    unsigned kind = 0;
    if (nvml.link_peer_kind != nullptr && nvml.link_peer_kind(device, link, &kind) == nvml_success &&
        kind == peer_is_cpu)
      continue;
    nvmlPciInfo_t peer{};
    const bool told = nvml.link_peer(device, link, &peer) == nvml_success;
    peers.push_back(told ? parse_pci_id(peer.bus_id).value_or("") : "");
  }
  return peers;
}

// A GPU has a fixed number of places for instances, and some of them may be empty.
std::vector<std::string> read_mig_instances(const Required& nvml, const Optional& extra,
                                            nvmlDevice_t device) {
  std::vector<std::string> uuids;
  unsigned most = 0;
  if (extra.mig_count == nullptr || extra.mig_handle == nullptr ||
      extra.mig_count(device, &most) != nvml_success)
    return uuids;
  for (unsigned index = 0; index < most; ++index) {
    nvmlDevice_t instance = nullptr;
    std::array<char, 96> text{};
    if (extra.mig_handle(device, index, &instance) == nvml_success &&
        nvml.uuid(instance, text.data(), static_cast<unsigned>(text.size())) == nvml_success)
      uuids.emplace_back(text.data());
  }
  return uuids;
}

NvmlGpu read_gpu(const Required& nvml, const Optional& extra, nvmlDevice_t device, unsigned index) {
  NvmlGpu gpu;
  gpu.index = static_cast<int>(index);
  std::array<char, 96> text{};
  const auto size = static_cast<unsigned>(text.size());
  if (nvml.name(device, text.data(), size) == nvml_success) gpu.model = text.data();
  if (nvml.uuid(device, text.data(), size) == nvml_success) gpu.uuid = text.data();
  nvmlPciInfo_t pci{};
  if (nvml.pci_info(device, &pci) == nvml_success) gpu.pci = parse_pci_id(pci.bus_id).value_or("");
  nvmlMemory_t memory{};
  if (nvml.memory(device, &memory) == nvml_success) {
    gpu.memory_bytes = memory.total;
    gpu.memory_used = memory.used;
  }
  unsigned current = 0;
  unsigned pending = 0;
  gpu.mig =
      extra.mig_mode != nullptr && extra.mig_mode(device, &current, &pending) == nvml_success && current == 1;
  if (gpu.mig) gpu.mig_instances = read_mig_instances(nvml, extra, device);
  gpu.nvlink_peers = read_nvlink_peers(extra, device);
  gpu.domain = read_domain(extra.fabric, device);
  return gpu;
}

NvmlAnswer failed(std::string error) { return {DriverState::failed, std::move(error), {}, {}}; }

}  // namespace

NvmlAnswer read_nvml(const std::string& library, bool driver_is_loaded) {
  NvmlAnswer answer;
  // Never closed again: the driver's libraries do not expect to be unloaded.
  void* opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) {
    answer.state = driver_is_loaded ? DriverState::no_library : DriverState::no_driver;
    return answer;
  }
  Required nvml;
  if (!find_required(opened, nvml)) return failed(fmt::format("{} lacks functions of NVML", library));
  Optional extra;
  find_function(opened, "nvmlDeviceGetMigMode", extra.mig_mode);
  find_function(opened, "nvmlDeviceGetMaxMigDeviceCount", extra.mig_count);
  find_function(opened, "nvmlDeviceGetMigDeviceHandleByIndex", extra.mig_handle);
  find_function(opened, "nvmlDeviceGetNvLinkState", extra.link_state);
  find_function(opened, "nvmlDeviceGetNvLinkRemotePciInfo_v2", extra.link_peer);
  find_function(opened, "nvmlDeviceGetNvLinkRemoteDeviceType", extra.link_peer_kind);
  find_function(opened, "nvmlDeviceGetGpuFabricInfoV", extra.fabric.info_v);
  find_function(opened, "nvmlDeviceGetGpuFabricInfo", extra.fabric.info);

  const nvmlReturn_t started = nvml.init();
  if (started == nvml_driver_not_loaded) return answer;
  if (started != nvml_success) return failed(nvml.error(started));
  unsigned count = 0;
  const nvmlReturn_t counted = nvml.count(&count);
  answer =
      counted == nvml_success ? NvmlAnswer{DriverState::answered, {}, {}, {}} : failed(nvml.error(counted));
  for (unsigned index = 0; index < count; ++index) {
    nvmlDevice_t device = nullptr;
    const nvmlReturn_t got = nvml.handle(index, &device);
    if (got == nvml_success) {
      answer.gpus.push_back(read_gpu(nvml, extra, device, index));
    } else {
      answer.unreachable.push_back(fmt::format("GPU {}: {}", index, nvml.error(got)));
    }
  }
  nvml.shutdown();
  return answer;
}

std::optional<std::string> parse_pci_id(std::string_view text) {
  std::array<unsigned, 4> parts{};
  const std::string_view separators = "::.";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t end = i < separators.size() ? text.find(separators[i]) : text.size();
    if (end == std::string_view::npos || end == 0) return std::nullopt;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + end, parts[i], 16);
    if (error != std::errc{} || stopped != text.data() + end) return std::nullopt;
    text.remove_prefix(i < separators.size() ? end + 1 : end);
  }
  if (parts[1] > 0xff || parts[2] > 0x1f || parts[3] > 7) return std::nullopt;
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", parts[0], parts[1], parts[2], parts[3]);
}

}  // namespace smlaunch
