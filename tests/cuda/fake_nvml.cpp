// SPDX-License-Identifier: Apache-2.0
// Answers like the NVIDIA driver's library on a host with two GPUs joined by two NVLinks, each with one more
// link to a switch; a third GPU is lost. The second GPU is cut into two MIG instances, with room for a third.
// FAKE_NVML_FABRIC="7 1 3" puts GPU 0 into clique 1 of the fabric whose UUID is 16 times the byte 7, in NVML's state 3;
// GPU 1 into the next clique. FAKE_NVML_OLD_FABRIC: only the older function tells it. FAKE_NVML_INIT makes nvmlInit_v2 return that number. FAKE_NVML_XID="1 79" makes GPU 1 report XID 79, once;
// FAKE_NVML_ECC and FAKE_NVML_THROTTLE are the answers of all GPUs, FAKE_NVML_LOST is the GPU that is lost
// meanwhile.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

constexpr int success = 0;
constexpr int not_supported = 3;
constexpr int gpu_is_lost = 15;

struct PciInfo {
  char bus_id_legacy[16];
  unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
  char bus_id[32];
};
struct Memory {
  unsigned long long total, free, used;
};
struct Fabric {
  unsigned char cluster[16];
  int status;
  unsigned clique;
  unsigned char state;
};
struct FabricV {
  unsigned version;
  unsigned char cluster[16];
  int status;
  unsigned clique;
  unsigned char state;
  unsigned health;
};
struct Device {
  unsigned index;
};
Device devices[4] = {{0}, {1}, {2}, {3}};  // GPUs, then MIG instances
const char* const bus_ids[2] = {"00000000:3B:00.0", "00000000:86:00.0"};

struct EventData {
  Device* device;
  unsigned long long type, data;
  unsigned gpu_instance, compute_instance;
};
unsigned registered = 0;  // a bit for each GPU
std::string told_xid;

int answer(const char* variable, unsigned long long* number) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return not_supported;
  *number = std::strtoull(text, nullptr, 0);
  return success;
}
bool is_lost(const Device* device) {
  const char* text = std::getenv("FAKE_NVML_LOST");
  return text != nullptr && static_cast<unsigned>(std::atoi(text)) == device->index;
}

}  // namespace

extern "C" {

int nvmlInit_v2() {
  const char* code = std::getenv("FAKE_NVML_INIT");
  return code == nullptr ? success : std::atoi(code);
}
int nvmlShutdown() { return success; }
const char* nvmlErrorString(int code) {
  return code == gpu_is_lost ? "GPU is lost" : "Driver/library version mismatch";
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 3;
  return success;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Device** device) {
  if (index >= 2) return gpu_is_lost;
  *device = &devices[index];
  return success;
}
int nvmlDeviceGetPciInfo_v3(Device* device, PciInfo* info) {
  if (is_lost(device)) return gpu_is_lost;
  std::snprintf(info->bus_id, sizeof info->bus_id, "%s", bus_ids[device->index]);
  return success;
}
int nvmlDeviceGetName(Device*, char* name, unsigned size) {
  std::snprintf(name, size, "NVIDIA Test GPU");
  return success;
}
int nvmlDeviceGetUUID(Device* device, char* uuid, unsigned size) {
  std::snprintf(uuid, size, device->index < 2 ? "GPU-%08u" : "MIG-%08u", device->index);
  return success;
}
int nvmlDeviceGetMemoryInfo(Device*, Memory* memory) {
  memory->total = 1ULL << 36U;
  return success;
}
int nvmlDeviceGetMigMode(Device* device, unsigned* current, unsigned* pending) {
  *current = device->index;
  *pending = 0;
  return success;
}
int nvmlDeviceGetMaxMigDeviceCount(Device*, unsigned* count) {
  *count = 3;
  return success;
}
int nvmlDeviceGetMigDeviceHandleByIndex(Device*, unsigned index, Device** instance) {
  constexpr int not_found = 6;
  if (index == 1) return not_found;
  *instance = &devices[index == 0 ? 2 : 3];
  return success;
}
int nvmlDeviceGetNvLinkState(Device*, unsigned link, unsigned* active) {
  if (link >= 4) return not_supported;
  *active = link == 2 ? 0 : 1;
  return success;
}
// As on POWER9: FAKE_NVML_CPU_LINK makes the link that goes to no GPU end at a CPU.
int nvmlDeviceGetNvLinkRemoteDeviceType(Device*, unsigned link, unsigned* type) {
  constexpr unsigned gpu = 0, cpu = 1, nvswitch = 2;
  const unsigned other = std::getenv("FAKE_NVML_CPU_LINK") == nullptr ? nvswitch : cpu;
  *type = link < 2 ? gpu : other;
  return success;
}
int nvmlDeviceGetNvLinkRemotePciInfo_v2(Device* device, unsigned link, PciInfo* info) {
  std::snprintf(info->bus_id, sizeof info->bus_id, "%s",
                link < 2 ? bus_ids[1 - device->index] : "00000000:C1:00.0");
  return success;
}

int nvmlDeviceGetGpuFabricInfo(Device* device, Fabric* info) {
  const char* text = std::getenv("FAKE_NVML_FABRIC");
  unsigned byte = 0, clique = 0, state = 0;
  if (text == nullptr || std::sscanf(text, "%u %u %u", &byte, &clique, &state) != 3) return not_supported;
  *info = Fabric{{}, success, clique + device->index, static_cast<unsigned char>(state)};
  std::memset(info->cluster, static_cast<int>(byte), sizeof info->cluster);
  return success;
}
int nvmlDeviceGetGpuFabricInfoV(Device* device, FabricV* info) {
  constexpr int function_not_found = 13;
  constexpr int version_mismatch = 25;
  if (std::getenv("FAKE_NVML_OLD_FABRIC") != nullptr) return function_not_found;
  if (info->version != (36U | 2U << 24U)) return version_mismatch;
  Fabric plain{};
  const int code = nvmlDeviceGetGpuFabricInfo(device, &plain);
  std::memcpy(info->cluster, plain.cluster, sizeof info->cluster);
  info->status = plain.status;
  info->clique = plain.clique;
  info->state = plain.state;
  return code;
}

int nvmlEventSetCreate(void** set) {
  *set = &registered;
  return success;
}
int nvmlEventSetFree(void*) { return success; }
int nvmlDeviceRegisterEvents(Device* device, unsigned long long types, void*) {
  constexpr unsigned long long xid = 8;
  if (types != xid) return not_supported;
  registered |= 1U << device->index;
  return success;
}
int nvmlEventSetWait_v2(void*, EventData* event, unsigned) {
  constexpr int timeout = 10;
  const char* text = std::getenv("FAKE_NVML_XID");
  if (text == nullptr) told_xid.clear();
  if (text == nullptr || told_xid == text) return timeout;
  char* rest = nullptr;
  const auto index = static_cast<unsigned>(std::strtoul(text, &rest, 10));
  if ((registered & (1U << index)) == 0) return timeout;
  told_xid = text;
  *event = {&devices[index], 8, std::strtoull(rest, nullptr, 10), 0, 0};
  return success;
}
int nvmlDeviceGetTotalEccErrors(Device*, int type, int counter, unsigned long long* number) {
  return type == 1 && counter == 0 ? answer("FAKE_NVML_ECC", number) : not_supported;
}
int nvmlDeviceGetCurrentClocksThrottleReasons(Device*, unsigned long long* reasons) {
  return answer("FAKE_NVML_THROTTLE", reasons);
}

}  // extern "C"
