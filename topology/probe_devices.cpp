// SPDX-License-Identifier: Apache-2.0
// Devices are known by their PCI bus id, never by hwloc's order, which is not CUDA's. A saved topology says
// how a machine is built, not whether a cable is plugged in today: so its NICs count as up.
#include "topology/probe_devices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/read_file.hpp"
#include "topology/nearness.hpp"

namespace smlaunch {
namespace {

constexpr unsigned vendor_nvidia = 0x10de;
constexpr unsigned vendor_amd = 0x1002;
constexpr unsigned vendor_amazon = 0x1d0f;
constexpr unsigned class_infiniband = 0x0207;
constexpr unsigned class_vga = 0x0300;
constexpr unsigned class_3d = 0x0302;
constexpr unsigned class_other_display = 0x0380;
constexpr unsigned class_accelerator = 0x1200;

// A device and its place in the tree, kept together while lists are sorted.
template <class Device>
struct Placed {
  Device device;
  PciPlace place;
  hwloc_obj_t object = nullptr;
};

std::string info(hwloc_obj_t object, const char* name) {
  const char* value = hwloc_obj_get_info_by_name(object, name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string pci_id(const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci) {
  return fmt::format("{:04x}:{:02x}:{:02x}.{:x}", static_cast<unsigned>(pci.domain), unsigned{pci.bus},
                     unsigned{pci.dev}, unsigned{pci.func});
}

template <class Visit>
void for_each_os_device(hwloc_obj_t pci_device, Visit visit) {
  for (hwloc_obj_t child = pci_device->io_first_child; child != nullptr; child = child->next_sibling) {
    if (child->type == HWLOC_OBJ_OS_DEVICE && child->name != nullptr) visit(child);
  }
}

// "nvml3" with prefix "nvml" -> 3.
std::optional<int> number_after(std::string_view name, std::string_view prefix) {
  if (name.substr(0, prefix.size()) != prefix) return std::nullopt;
  name.remove_prefix(prefix.size());
  int number = 0;
  const auto [stopped, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || stopped != name.data() + name.size()) return std::nullopt;
  return number;
}

// The only node with CPUs around the device; nothing where there are several.
std::optional<int> numa_near(const Machine& machine, const IdSet& nodes) {
  std::optional<int> found;
  for (const NumaNode& node : machine.numa_nodes) {
    const bool near = std::binary_search(nodes.begin(), nodes.end(), node.os_index);
    if (!near || (node.cpus.empty() && nodes.size() > 1)) continue;
    if (found) return std::nullopt;
    found = node.os_index;
  }
  return found;
}

PciPlace place_of(const Machine& machine, hwloc_topology_t topology, hwloc_obj_t device) {
  PciPlace place;
  for (hwloc_obj_t up = device->parent; up != nullptr && up->type == HWLOC_OBJ_BRIDGE; up = up->parent) {
    place.bridges.push_back(up->gp_index);
  }
  std::reverse(place.bridges.begin(), place.bridges.end());
  const hwloc_obj_t around = hwloc_get_non_io_ancestor_obj(topology, device);
  place.numa = numa_near(machine, to_ids(around->nodeset));
  const hwloc_obj_t package = around->type == HWLOC_OBJ_PACKAGE
                                  ? around
                                  : hwloc_get_ancestor_obj_by_type(topology, HWLOC_OBJ_PACKAGE, around);
  if (package != nullptr) place.package = static_cast<int>(package->logical_index);
  if (package == nullptr && machine.packages == 1) place.package = 0;
  return place;
}

bool is_display(const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci) {
  return pci.class_id == class_vga || pci.class_id == class_3d;
}

// AMD's accelerators call themselves display controllers, or (MI300) processing accelerators. A controller
// with a screen may also be part of the CPU.
bool is_amd_gpu(const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci) {
  return pci.vendor_id == vendor_amd &&
         (is_display(pci) || pci.class_id == class_other_display || pci.class_id == class_accelerator);
}

Gpu read_gpu(const Machine& machine, hwloc_topology_t topology, hwloc_obj_t device, bool live) {
  Gpu gpu;
  gpu.pci = pci_id(device->attr->pcidev);
  gpu.usable = false;
  gpu.unusable_because.kind = live ? UnusableKind::not_asked : UnusableKind::unknown_when_saved;
  gpu.index = -1;
  for_each_os_device(device, [&](hwloc_obj_t os) {
    const auto nvml = number_after(os->name, "nvml");
    const auto cuda = number_after(os->name, "cuda");
    if (!nvml && !cuda) return;
    if (nvml || gpu.index < 0) gpu.index = nvml ? *nvml : *cuda;
    gpu.usable = true;
    gpu.unusable_because = {};
    if (auto model = info(os, "GPUModel"); !model.empty()) gpu.model = std::move(model);
    if (auto uuid = info(os, "NVIDIAUUID"); !uuid.empty()) gpu.uuid = std::move(uuid);
    const std::string kib = info(os, "CUDAGlobalMemorySize");
    std::uint64_t size = 0;
    if (std::from_chars(kib.data(), kib.data() + kib.size(), size).ec == std::errc{})
      gpu.memory_bytes = size * 1024;
  });
  if (gpu.model.empty()) gpu.model = info(device, "PCIDevice");
  if (gpu.model.empty())
    gpu.model = fmt::format("NVIDIA GPU 10de:{:04x}", unsigned{device->attr->pcidev.device_id});
  const hwloc_obj_t around = hwloc_get_non_io_ancestor_obj(topology, device);
  // If hwloc puts a device below the whole machine, its place is unknown, unless there is only one place.
  const bool is_placed = around->parent != nullptr || machine.numa_nodes.size() == 1;
  if (is_placed) gpu.cpus = intersection(to_ids(around->cpuset), allowed_cpus(machine));
  return gpu;
}

// The number that such a file of the kernel begins with: "16", "400 Gb/sec (4X NDR)". 0: none, or "-1".
int number_in(const std::string& file) {
  const std::string text = read_small_file(file);
  int number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return std::max(number, 0);
}

// "16.0 GT/s PCIe" -> 4
int generation_of(const std::string& file) {
  static const std::map<int, int> of_speed = {{2, 1}, {5, 2}, {8, 3}, {16, 4}, {32, 5}, {64, 6}};
  const auto found = of_speed.find(number_in(file));
  return found == of_speed.end() ? 0 : found->second;
}

PciLink read_link(const std::string& pci) {
  const std::string device = "/sys/bus/pci/devices/" + pci;
  PciLink link;
  link.lanes = number_in(device + "/current_link_width");
  link.generation = generation_of(device + "/max_link_speed");
  // The bridge above the device; a root of a bus has no such file.
  if (const int above = generation_of(device + "/../max_link_speed"); above > 0 && link.generation > 0)
    link.generation = std::min(link.generation, above);
  return link;
}

int link_gigabits(const Nic& nic, bool is_fabric) {
  if (is_fabric) return number_in("/sys/class/infiniband/" + nic.name + "/ports/1/rate");
  return number_in("/sys/class/net/" + nic.name + "/speed") / 1000;
}

bool network_is_up(const std::string& name) {
  const std::string state = read_small_file("/sys/class/net/" + name + "/operstate");
  return state.empty() || state == "up\n" || state == "unknown\n";
}

// hwloc gives each port's state as the kernel's number; 4 is active.
bool fabric_is_up(hwloc_obj_t os) {
  bool any_port = false;
  for (unsigned i = 0; i < os->infos_count; ++i) {
    const std::string_view name = os->infos[i].name;
    const bool is_state =
        name.substr(0, 4) == "Port" && name.size() > 5 && name.substr(name.size() - 5) == "State";
    if (!is_state) continue;
    if (std::string_view(os->infos[i].value) == "4") return true;
    any_port = true;
  }
  return !any_port;
}

// One NIC for each PCI function, under its RDMA name where it has one. Nothing for other devices.
std::optional<Nic> read_nic(Machine& machine, hwloc_obj_t device, bool live) {
  hwloc_obj_t fabric = nullptr;
  hwloc_obj_t network = nullptr;
  for_each_os_device(device, [&](hwloc_obj_t os) {
    if (os->attr->osdev.type == HWLOC_OBJ_OSDEV_OPENFABRICS && fabric == nullptr) fabric = os;
    if (os->attr->osdev.type == HWLOC_OBJ_OSDEV_NETWORK && network == nullptr) network = os;
  });
  if (fabric == nullptr && network == nullptr) return std::nullopt;
  const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci = device->attr->pcidev;
  Nic nic;
  nic.name = fabric != nullptr ? fabric->name : network->name;
  nic.pci = pci_id(pci);
  if (pci.class_id == class_infiniband) nic.kind = NicKind::infiniband;
  if (pci.vendor_id == vendor_amazon && (pci.device_id & 0xfff0) == 0xefa0) nic.kind = NicKind::efa;
  const bool up = fabric != nullptr ? fabric_is_up(fabric) : !live || network_is_up(nic.name);
  if (!up)
    machine.findings.push_back(
        {.kind = live ? FindingKind::link_down : FindingKind::link_was_down, .subject = nic.name});
  nic.link_up = up || !live;
  if (live && up) nic.gigabits = link_gigabits(nic, fabric != nullptr);
  return nic;
}

// hwloc gives NVLink as MB/s: 25,000 a link, 20,000 on the first generation.
int nvlinks(std::uint64_t bandwidth) {
  return static_cast<int>(bandwidth % 25'000 == 0 ? bandwidth / 25'000 : bandwidth / 20'000);
}

// Direct links between two GPUs count as they are. Two GPUs that reach only NVSwitches are joined by as many
// links as both have. A link that ends at a CPU (POWER9, Grace) joins no GPUs: hwloc names that CPU's package
// or NUMA node there.
void add_nvlinks(Machine& machine, hwloc_topology_t topology, const std::vector<Placed<Gpu>>& gpus) {
  hwloc_distances_s* distances = nullptr;
  unsigned count = 1;
  if (hwloc_distances_get_by_name(topology, "NVLinkBandwidth", &count, &distances, 0) != 0 || count == 0)
    return;
  std::map<std::size_t, std::size_t> column;  // GPU -> column
  for (std::size_t c = 0; c < distances->nbobjs; ++c) {
    hwloc_obj_t object = distances->objs[c];
    while (object != nullptr && object->type == HWLOC_OBJ_OS_DEVICE) object = object->parent;
    for (std::size_t g = 0; g < gpus.size(); ++g) {
      if (gpus[g].object == object) column.emplace(g, c);
    }
  }
  const auto links = [&](std::size_t a, std::size_t b) {
    return nvlinks(distances->values[a * distances->nbobjs + b]);
  };
  const auto to_switches = [&](std::size_t gpu_column) {
    int sum = 0;
    for (std::size_t c = 0; c < distances->nbobjs; ++c) {
      const bool is_gpu =
          std::any_of(column.begin(), column.end(), [&](const auto& gpu) { return gpu.second == c; });
      const hwloc_obj_type_t type =
          distances->objs[c] == nullptr ? HWLOC_OBJ_MACHINE : distances->objs[c]->type;
      const bool is_switch = !is_gpu && (type == HWLOC_OBJ_PCI_DEVICE || type == HWLOC_OBJ_OS_DEVICE);
      if (is_switch) sum += links(gpu_column, c);
    }
    return sum;
  };
  for (const auto& [a, column_a] : column) {
    for (const auto& [b, column_b] : column) {
      if (a == b) continue;
      const int direct = links(column_a, column_b);
      const int number = direct > 0 ? direct : std::min(to_switches(column_a), to_switches(column_b));
      if (number > 0) machine.gpu_gpu[a][b] = fmt::format("NV{}", number);
    }
  }
  hwloc_distances_release(topology, distances);
}

template <class Device>
std::vector<PciPlace> places_of(const std::vector<Placed<Device>>& all) {
  std::vector<PciPlace> places;
  for (const auto& each : all) places.push_back(each.place);
  return places;
}

}  // namespace

void add_devices(Machine& machine, hwloc_topology_t topology, bool live) {
  std::vector<Placed<Gpu>> gpus;
  std::vector<Placed<Nic>> nics;
  std::vector<std::string> amd;
  bool has_amd_accelerator = false;
  hwloc_obj_t device = nullptr;
  while ((device = hwloc_get_next_pcidev(topology, device)) != nullptr) {
    const hwloc_obj_attr_u::hwloc_pcidev_attr_s& pci = device->attr->pcidev;
    const PciPlace place = place_of(machine, topology, device);
    if (pci.vendor_id == vendor_nvidia && is_display(pci)) {
      gpus.push_back({read_gpu(machine, topology, device, live), place, device});
      gpus.back().device.numa = place.numa;
      if (live) gpus.back().device.link = read_link(pci_id(pci));
    } else if (is_amd_gpu(pci)) {
      amd.push_back(pci_id(pci));
      has_amd_accelerator = has_amd_accelerator || pci.class_id != class_vga;
    } else if (auto nic = read_nic(machine, device, live)) {
      nic->numa = place.numa;
      if (live) nic->link = read_link(nic->pci);
      nics.push_back({std::move(*nic), place, device});
    }
  }
  // First the GPUs that the driver has numbered, then the others by bus id.
  std::sort(gpus.begin(), gpus.end(), [](const auto& a, const auto& b) {
    return std::make_tuple(!a.device.usable, a.device.index, a.device.pci) <
           std::make_tuple(!b.device.usable, b.device.index, b.device.pci);
  });
  std::sort(nics.begin(), nics.end(),
            [](const auto& a, const auto& b) { return a.device.pci < b.device.pci; });
  // A file with more is refused, but not before it is known how many there are.
  if (live || (gpus.size() <= most_gpus && nics.size() <= most_nics)) {
    machine.gpu_nic = gpu_nic_nearness(places_of(gpus), places_of(nics));
    machine.gpu_gpu = nearness_among(places_of(gpus));
    machine.nic_nic = nearness_among(places_of(nics));
    add_nvlinks(machine, topology, gpus);
  }
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    Gpu& gpu = gpus[i].device;
    if (gpu.index < 0) gpu.index = static_cast<int>(i);
    if (!gpu.numa && machine.numa_nodes.size() > 1) {
      machine.findings.push_back({.kind = FindingKind::gpu_without_node, .subject = gpu.pci});
    }
    machine.gpus.push_back(std::move(gpu));
  }
  for (auto& nic : nics) machine.nics.push_back(std::move(nic.device));
  if (!amd.empty()) {
    machine.findings.push_back({.kind = FindingKind::amd_gpus,
                                .is_warning = has_amd_accelerator,
                                .subject = fmt::format("{}", fmt::join(amd, ", ")),
                                .count = static_cast<int>(amd.size())});
  }
}

}  // namespace smlaunch
