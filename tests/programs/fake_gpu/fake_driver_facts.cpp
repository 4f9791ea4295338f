// SPDX-License-Identifier: Apache-2.0
// What NVML says of the GPUs of fake_cuda.cpp. Each line of the file that FAKE_GPU_XIDS names, such as "3
// 79", is an XID that a GPU reports, once.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
  char bus_id[32];
};
struct Memory {
  unsigned long long total, free, used;
};

struct EventData {
  void* device;
  unsigned long long type, data;
  unsigned gpu_instance, compute_instance;
};
int told_events = 0;

int index_of(void* device) { return static_cast<int>(reinterpret_cast<std::uintptr_t>(device)) - 1; }

}  // namespace

extern "C" {

int nvmlInit_v2() { return 0; }
int nvmlShutdown() { return 0; }
const char* nvmlErrorString(int) { return "Unknown Error"; }
int nvmlDeviceGetCount_v2(unsigned* count) {
  const char* gpus = std::getenv("FAKE_GPUS");
  *count = gpus == nullptr ? 8U : static_cast<unsigned>(std::atoi(gpus));
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = reinterpret_cast<void*>(static_cast<std::uintptr_t>(index) + 1);
  return 0;
}
int nvmlDeviceGetPciInfo_v3(void* device, PciInfo* info) {
  std::snprintf(info->bus_id, sizeof info->bus_id, "00000000:%02X:00.0", 16 + index_of(device));
  return 0;
}
int nvmlDeviceGetName(void*, char* name, unsigned size) {
  std::snprintf(name, size, "Fake GPU");
  return 0;
}
int nvmlDeviceGetUUID(void* device, char* uuid, unsigned size) {
  std::snprintf(uuid, size, "GPU-fake-%d", index_of(device));
  return 0;
}
int nvmlDeviceGetMemoryInfo(void*, Memory* memory) {
  memory->total = 1ULL << 30U;
  return 0;
}

int nvmlEventSetCreate(void** set) {
  *set = &told_events;
  return 0;
}
int nvmlEventSetFree(void*) { return 0; }
int nvmlDeviceRegisterEvents(void*, unsigned long long, void*) { return 0; }
int nvmlEventSetWait_v2(void*, EventData* event, unsigned) {
  constexpr int timeout = 10;
  constexpr unsigned long long xid_event = 8;
  const char* name = std::getenv("FAKE_GPU_XIDS");
  std::ifstream file(name == nullptr ? "" : name);
  unsigned long long index = 0;
  unsigned long long xid = 0;
  for (int line = 0; file >> index >> xid; ++line) {
    if (line < told_events) continue;
    ++told_events;
    *event = {reinterpret_cast<void*>(static_cast<std::uintptr_t>(index) + 1), xid_event, xid, 0, 0};
    return 0;
  }
  return timeout;
}

}  // extern "C"
