// SPDX-License-Identifier: Apache-2.0
#include "cuda/gpu_health.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "cuda/nvml.hpp"
#include "cuda/nvml_functions.hpp"

namespace smlaunch {

namespace {

using nvmlEventSet_t = struct nvmlEventSet_st*;
constexpr nvmlReturn_t nvml_gpu_is_lost = 15;
constexpr unsigned long long xid_event = 0x8;  // nvmlEventTypeXidCriticalError
constexpr int uncorrected = 1;                 // NVML_MEMORY_ERROR_TYPE_UNCORRECTED
constexpr int since_driver_load = 0;           // NVML_VOLATILE_ECC
// A GPU that reports without end fills no reading.
constexpr int most_events = 64;

struct nvmlEventData_t {
  nvmlDevice_t device;
  unsigned long long type;
  unsigned long long data;
  unsigned gpu_instance;
  unsigned compute_instance;
};

}  // namespace

struct GpuHealthSession::Library {
  struct Gpu {
    nvmlDevice_t device = nullptr;  // null: it was lost before we came
    int index = 0;
    std::string pci = {};
  };

  nvmlReturn_t (*init)() = nullptr;
  nvmlReturn_t (*shutdown)() = nullptr;
  nvmlReturn_t (*count)(unsigned*) = nullptr;
  nvmlReturn_t (*handle)(unsigned, nvmlDevice_t*) = nullptr;
  nvmlReturn_t (*pci_info)(nvmlDevice_t, nvmlPciInfo_t*) = nullptr;
  // Any of these may be missing: then it is not known.
  nvmlReturn_t (*make_set)(nvmlEventSet_t*) = nullptr;
  nvmlReturn_t (*register_events)(nvmlDevice_t, unsigned long long, nvmlEventSet_t) = nullptr;
  nvmlReturn_t (*wait)(nvmlEventSet_t, nvmlEventData_t*, unsigned) = nullptr;
  nvmlReturn_t (*free_set)(nvmlEventSet_t) = nullptr;
  nvmlReturn_t (*ecc_errors)(nvmlDevice_t, int, int, unsigned long long*) = nullptr;
  nvmlReturn_t (*throttle_reasons)(nvmlDevice_t, unsigned long long*) = nullptr;

  std::vector<Gpu> gpus;
  nvmlEventSet_t set = nullptr;

  bool find_functions(void* library) {
    if (!find_function(library, "nvmlEventSetWait_v2", wait))
      find_function(library, "nvmlEventSetWait", wait);
    find_function(library, "nvmlEventSetCreate", make_set);
    find_function(library, "nvmlEventSetFree", free_set);
    find_function(library, "nvmlDeviceRegisterEvents", register_events);
    find_function(library, "nvmlDeviceGetTotalEccErrors", ecc_errors);
    find_function(library, "nvmlDeviceGetCurrentClocksThrottleReasons", throttle_reasons);
    return find_function(library, "nvmlInit_v2", init) && find_function(library, "nvmlShutdown", shutdown) &&
           find_function(library, "nvmlDeviceGetCount_v2", count) &&
           find_function(library, "nvmlDeviceGetHandleByIndex_v2", handle) &&
           find_function(library, "nvmlDeviceGetPciInfo_v3", pci_info);
  }

  void find_gpus() {
    unsigned number = 0;
    if (count(&number) != nvml_success) return;
    for (unsigned index = 0; index < number; ++index) {
      Gpu gpu{.index = static_cast<int>(index)};
      const nvmlReturn_t got = handle(index, &gpu.device);
      if (got != nvml_success) {
        gpu.device = nullptr;
        if (got == nvml_gpu_is_lost) gpus.push_back(std::move(gpu));
        continue;
      }
      nvmlPciInfo_t pci{};
      if (pci_info(gpu.device, &pci) == nvml_success) gpu.pci = parse_pci_id(pci.bus_id).value_or("");
      gpus.push_back(std::move(gpu));
    }
  }

  void ask_for_xids() {
    const bool has_events = make_set != nullptr && register_events != nullptr && wait != nullptr;
    if (!has_events || make_set(&set) != nvml_success) {
      set = nullptr;
      return;
    }
    for (const Gpu& gpu : gpus)
      if (gpu.device != nullptr) register_events(gpu.device, xid_event, set);
  }

  void read_xids(std::vector<GpuHealth>& all) const {
    if (set == nullptr) return;
    nvmlEventData_t event{};
    for (int i = 0; i < most_events && wait(set, &event, 0) == nvml_success; ++i)
      for (std::size_t at = 0; at < gpus.size(); ++at)
        if (gpus[at].device == event.device && event.type == xid_event) all[at].xids.push_back(event.data);
  }

  void read_counters(const Gpu& gpu, GpuHealth& health) const {
    unsigned long long number = 0;
    const auto ask = [&](auto function, auto... what) -> std::optional<std::uint64_t> {
      if (function == nullptr || health.is_lost) return {};
      const nvmlReturn_t got = function(gpu.device, what..., &number);
      health.is_lost = got == nvml_gpu_is_lost;
      return got == nvml_success ? std::optional<std::uint64_t>(number) : std::nullopt;
    };
    health.uncorrected_errors = ask(ecc_errors, uncorrected, since_driver_load);
    health.throttle_reasons = ask(throttle_reasons);
  }
};

GpuHealthSession::GpuHealthSession(std::unique_ptr<Library> library) : library_(std::move(library)) {}
GpuHealthSession::GpuHealthSession(GpuHealthSession&&) noexcept = default;

GpuHealthSession::~GpuHealthSession() {
  if (!library_) return;
  if (library_->set != nullptr && library_->free_set != nullptr) library_->free_set(library_->set);
  library_->shutdown();
}

std::optional<GpuHealthSession> GpuHealthSession::open(const std::string& library) {
  // Never closed again: the driver's libraries do not expect to be unloaded.
  void* opened = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (opened == nullptr) return {};
  auto made = std::make_unique<Library>();
  if (!made->find_functions(opened) || made->init() != nvml_success) return {};
  made->find_gpus();
  made->ask_for_xids();
  return GpuHealthSession(std::move(made));
}

std::vector<GpuHealth> GpuHealthSession::read(bool with_counters) {
  std::vector<GpuHealth> all;
  for (const Library::Gpu& gpu : library_->gpus) {
    GpuHealth health{.index = gpu.index, .pci = gpu.pci, .is_lost = gpu.device == nullptr};
    if (gpu.device != nullptr) {
      // Any call may say that the GPU is gone; this one asks it for nothing.
      nvmlPciInfo_t pci{};
      health.is_lost = library_->pci_info(gpu.device, &pci) == nvml_gpu_is_lost;
      if (with_counters) library_->read_counters(gpu, health);
    }
    all.push_back(std::move(health));
  }
  library_->read_xids(all);
  return all;
}

}  // namespace smlaunch
