// SPDX-License-Identifier: Apache-2.0
#include "cuda/probe_gpus.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <utility>

#include "base/read_file.hpp"
#include "cuda/visible_devices.hpp"
#include "topology/nvlink_domain.hpp"
#include "topology/probe_machine.hpp"

namespace smlaunch {
namespace {

constexpr const char* nvml_library = "libnvidia-ml.so.1";

UnusableReason reason_not_shown(const NvmlAnswer& answer) {
  switch (answer.state) {
    case DriverState::no_library: return {UnusableKind::no_library};
    case DriverState::failed: return {UnusableKind::driver_fails, answer.error};
    case DriverState::no_driver: return {UnusableKind::no_driver};
    case DriverState::answered: break;
  }
  if (answer.unreachable.empty()) return {UnusableKind::not_shown};
  return {UnusableKind::not_shown_and_others, fmt::format("{}", fmt::join(answer.unreachable, "; "))};
}

// Puts the GPUs, and the rows and columns of the matrices, into a new order.
void reorder_gpus(Machine& machine, const std::vector<std::size_t>& order) {
  std::vector<Gpu> gpus;
  std::vector<std::vector<Nearness>> to_nics;
  std::vector<std::vector<std::string>> to_gpus;
  for (const std::size_t from : order) {
    gpus.push_back(std::move(machine.gpus[from]));
    to_nics.push_back(std::move(machine.gpu_nic[from]));
    auto& row = to_gpus.emplace_back();
    for (const std::size_t column : order) row.push_back(machine.gpu_gpu[from][column]);
  }
  machine.gpus = std::move(gpus);
  machine.gpu_nic = std::move(to_nics);
  machine.gpu_gpu = std::move(to_gpus);
}

// A machine probed without devices, or made by hand, may come without matrices.
void complete_matrices(Machine& machine) {
  machine.gpu_nic.resize(machine.gpus.size());
  machine.gpu_gpu.resize(machine.gpus.size());
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    machine.gpu_nic[i].resize(machine.nics.size(), Nearness::SYS);
    machine.gpu_gpu[i].resize(machine.gpus.size(), to_string(Nearness::SYS));
    machine.gpu_gpu[i][i] = "X";
  }
}

std::size_t add_placeless_gpu(Machine& machine, const std::string& pci) {
  for (auto& row : machine.gpu_gpu) row.emplace_back("SYS");
  machine.gpu_gpu.emplace_back(machine.gpus.size(), "SYS").emplace_back("X");
  machine.gpu_nic.emplace_back(machine.nics.size(), Nearness::SYS);
  Gpu gpu;
  gpu.pci = pci;
  machine.gpus.push_back(std::move(gpu));
  machine.findings.push_back({.kind = FindingKind::gpu_without_place, .subject = pci});
  return machine.gpus.size() - 1;
}

// A link that ends at another GPU counts for that pair. The other links end at NVSwitches, which join
// everything that they reach.
void add_nvlinks(Machine& machine, const std::vector<NvmlGpu>& gpus) {
  std::set<std::string> ids;
  for (const NvmlGpu& gpu : gpus) ids.insert(gpu.pci);
  const auto direct = [](const NvmlGpu& from, const NvmlGpu& to) {
    return std::count(from.nvlink_peers.begin(), from.nvlink_peers.end(), to.pci);
  };
  const auto to_switches = [&](const NvmlGpu& gpu) {
    return std::count_if(gpu.nvlink_peers.begin(), gpu.nvlink_peers.end(),
                         [&](const std::string& peer) { return ids.count(peer) == 0; });
  };
  const auto position = [&](const NvmlGpu& gpu) {
    const auto found = std::find_if(machine.gpus.begin(), machine.gpus.end(),
                                    [&](const Gpu& known) { return known.pci == gpu.pci; });
    return static_cast<std::size_t>(found - machine.gpus.begin());
  };
  for (const NvmlGpu& from : gpus) {
    for (const NvmlGpu& to : gpus) {
      if (from.pci == to.pci) continue;
      const auto links =
          direct(from, to) > 0 ? direct(from, to) : std::min(to_switches(from), to_switches(to));
      if (links > 0) machine.gpu_gpu[position(from)][position(to)] = fmt::format("NV{}", links);
    }
  }
}

// A device that no longer answers reads as all ones.
std::vector<std::string> read_off_the_bus(const Machine& machine) {
  std::vector<std::string> off;
  for (const Gpu& gpu : machine.gpus) {
    const std::string config = read_small_file("/sys/bus/pci/devices/" + gpu.pci + "/config");
    if (config.size() >= 4 && config.substr(0, 4) == "\xff\xff\xff\xff") off.push_back(gpu.pci);
  }
  return off;
}

std::string environment_variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

bool has_driver() {
  return access("/sys/module/nvidia", F_OK) == 0 || access("/proc/driver/nvidia", F_OK) == 0;
}

}  // namespace

void add_gpu_facts(Machine& machine, const NvmlAnswer& answer, const std::vector<std::string>& off_the_bus) {
  complete_matrices(machine);
  for (Gpu& gpu : machine.gpus) {
    gpu.usable = false;
    const bool is_off = std::find(off_the_bus.begin(), off_the_bus.end(), gpu.pci) != off_the_bus.end();
    gpu.unusable_because = is_off ? UnusableReason{UnusableKind::off_the_bus} : reason_not_shown(answer);
  }
  std::vector<std::size_t> order;
  for (const NvmlGpu& told : answer.gpus) {
    const auto known = std::find_if(machine.gpus.begin(), machine.gpus.end(),
                                    [&](const Gpu& gpu) { return gpu.pci == told.pci; });
    order.push_back(known == machine.gpus.end() ? add_placeless_gpu(machine, told.pci)
                                                : static_cast<std::size_t>(known - machine.gpus.begin()));
    Gpu& gpu = machine.gpus[order.back()];
    gpu.index = told.index;
    gpu.model = told.model.empty() ? gpu.model : told.model;
    gpu.uuid = told.uuid;
    gpu.memory_bytes = told.memory_bytes;
    gpu.usable = !told.mig;
    gpu.unusable_because = {told.mig ? UnusableKind::divided : UnusableKind::not_told};
    gpu.mig_instances = told.mig_instances;
    gpu.domain = told.domain;
    if (told.mig) {
      machine.findings.push_back({.kind = FindingKind::divided_gpu,
                                  .subject = fmt::format("GPU {} ({})", told.index, told.pci),
                                  .count = static_cast<int>(told.mig_instances.size())});
    }
  }
  add_nvlinks(machine, answer.gpus);
  if (has_several_domains(machine)) warn(machine, {.kind = FindingKind::several_domains});
  const std::size_t shown = order.size();
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    if (std::find(order.begin(), order.end(), i) == order.end()) order.push_back(i);
  }
  reorder_gpus(machine, order);
  // The GPUs that the driver has numbered keep their numbers; the others get the numbers after them.
  int next = 0;
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    if (i >= shown) machine.gpus[i].index = next;
    next = std::max(next, machine.gpus[i].index + 1);
  }
  // If a GPU is on the bus and the driver does not show it, its own reason says this already.
  const bool is_said = machine.gpus.size() > shown;
  for (const std::string& lost : answer.unreachable)
    machine.findings.push_back(
        {.kind = FindingKind::unreachable_gpu, .is_warning = !is_said, .subject = lost});
  const bool is_broken = answer.state == DriverState::failed || answer.state == DriverState::no_library;
  if (is_broken && machine.gpus.empty())
    warn(machine, {.kind = FindingKind::no_gpu_seen, .because = reason_not_shown(answer)});
}

void apply_visible_devices(Machine& machine, const std::optional<std::string>& visible,
                           const std::string& order) {
  complete_matrices(machine);
  std::vector<Gpu> shown;
  std::vector<std::size_t> positions;
  std::set<std::string> models;
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    if (!machine.gpus[i].usable && machine.gpus[i].unusable_because.kind != UnusableKind::divided) continue;
    shown.push_back(machine.gpus[i]);
    positions.push_back(i);
    models.insert(machine.gpus[i].model);
  }
  if (models.size() > 1 && order != "PCI_BUS_ID") warn(machine, {.kind = FindingKind::mixed_gpus});
  const auto divided =
      std::find_if(shown.begin(), shown.end(), [](const Gpu& gpu) { return !gpu.mig_instances.empty(); });
  if (shown.empty() || (!visible && divided == shown.end())) return;
  // Without CUDA_VISIBLE_DEVICES, CUDA takes the first instance that there is.
  const VisibleDevices kept = visible
                                  ? parse_visible_devices(*visible, shown)
                                  : VisibleDevices{{static_cast<std::size_t>(divided - shown.begin())}, {}};
  if (kept.wrong) warn(machine, *kept.wrong);
  for (const std::size_t position : positions) {
    Gpu& gpu = machine.gpus[position];
    if (gpu.usable) gpu.unusable_because = {visible ? UnusableKind::left_out : UnusableKind::beside_instance};
    gpu.usable = false;
  }
  std::vector<std::size_t> sequence;
  for (const std::size_t gpu : kept.gpus) {
    sequence.push_back(positions[gpu]);
    machine.gpus[positions[gpu]].usable = true;
    machine.gpus[positions[gpu]].unusable_because = {};
  }
  for (std::size_t i = 0; i < machine.gpus.size(); ++i) {
    if (!machine.gpus[i].usable) sequence.push_back(i);
  }
  reorder_gpus(machine, sequence);
}

void probe_gpus(Machine& machine) {
  add_gpu_facts(machine, read_nvml(nvml_library, has_driver()), read_off_the_bus(machine));
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  apply_visible_devices(machine, visible == nullptr ? std::nullopt : std::optional<std::string>(visible),
                        environment_variable("CUDA_DEVICE_ORDER"));
}

namespace {

bool look_for_accelerators() {
  std::error_code error;
  for (const char* node : {"/dev/nvidiactl", "/dev/kfd", "/proc/driver/nvidia"})
    if (std::filesystem::exists(node, error)) return true;
  for (const auto& device : std::filesystem::directory_iterator("/sys/bus/pci/devices", error)) {
    const std::string device_class = read_small_file(device.path() / "class");
    if (!device_class.starts_with("0x03") && !device_class.starts_with("0x12")) continue;
    const std::string vendor = read_small_file(device.path() / "vendor");
    if (vendor.starts_with("0x10de") || vendor.starts_with("0x1002")) return true;
  }
  return false;
}

}  // namespace

// Several parts of a process ask, within a moment.
bool may_have_accelerators() {
  static const bool may_have = look_for_accelerators();
  return may_have;
}

std::optional<NvlinkDomain> probe_nvlink_domain() {
  if (!may_have_accelerators()) return {};
  Machine machine;
  add_gpu_facts(machine, read_nvml(nvml_library, has_driver()), {});
  return domain_of(machine);
}

Result<Machine> probe_machine_with_gpus() {
  auto machine = probe_machine(ProbeRequest{});
  if (machine) probe_gpus(*machine);
  return machine;
}

Result<Machine> probe_machine_for_ranks() {
  return may_have_accelerators() ? probe_machine_with_gpus() : probe_machine({.with_devices = false});
}

}  // namespace smlaunch
