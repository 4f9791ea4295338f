// SPDX-License-Identifier: Apache-2.0
#include "topology/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace smlaunch {

namespace {

template <class T>
const T& item(const std::vector<T>& items, int index) {
  const auto position = static_cast<std::size_t>(index);
  if (position >= items.size()) fail_for_index(index, items.size());
  return items[position];
}

}  // namespace

std::string to_string(Nearness nearness) {
  switch (nearness) {
    case Nearness::PIX: return "PIX";
    case Nearness::PXB: return "PXB";
    case Nearness::PHB: return "PHB";
    case Nearness::NODE: return "NODE";
    case Nearness::SYS: break;
  }
  return "SYS";
}

std::string to_string(NicKind kind) {
  switch (kind) {
    case NicKind::infiniband: return "infiniband";
    case NicKind::efa: return "efa";
    case NicKind::ethernet: break;
  }
  return "ethernet";
}

std::optional<Nearness> parse_nearness(std::string_view text) {
  for (const auto value : {Nearness::PIX, Nearness::PXB, Nearness::PHB, Nearness::NODE, Nearness::SYS}) {
    if (text == to_string(value)) return value;
  }
  return std::nullopt;
}

std::optional<NicKind> parse_nic_kind(std::string_view text) {
  for (const auto value : {NicKind::ethernet, NicKind::infiniband, NicKind::efa}) {
    if (text == to_string(value)) return value;
  }
  return std::nullopt;
}

Indexed<GpuIndex, Gpu>::Indices Machine::gpu_indices() const {
  return Indexed<GpuIndex, Gpu>::Indices(static_cast<int>(gpus.size()));
}

Indexed<NicIndex, Nic>::Indices Machine::nic_indices() const {
  return Indexed<NicIndex, Nic>::Indices(static_cast<int>(nics.size()));
}

const Gpu& Machine::gpu(GpuIndex index) const { return item(gpus, index.value); }

const Nic& Machine::nic(NicIndex index) const { return item(nics, index.value); }

Nearness Machine::nearness(GpuIndex gpu, NicIndex nic) const {
  const auto g = static_cast<std::size_t>(gpu.value);
  const auto n = static_cast<std::size_t>(nic.value);
  return g < gpu_nic.size() && n < gpu_nic[g].size() ? gpu_nic[g][n] : Nearness::SYS;
}

int Machine::usable_gpus() const {
  return static_cast<int>(std::count_if(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu.usable; }));
}

void warn(Machine& machine, MachineFinding finding) {
  finding.is_warning = true;
  machine.findings.push_back(std::move(finding));
}

std::vector<MachineFinding> machine_warnings(const Machine& machine) {
  std::map<UnusableReason, MachineFinding> unusable;
  for (const Gpu& gpu : machine.gpus) {
    if (gpu.usable) continue;
    MachineFinding& finding = unusable[gpu.unusable_because];
    finding.subject += fmt::format("{}{}", finding.count++ == 0 ? "" : ", ",
                                   gpu.pci.empty() ? fmt::format("GPU {}", gpu.index) : gpu.pci);
  }
  std::vector<MachineFinding> warnings;
  for (auto& [reason, finding] : unusable) {
    finding.kind = FindingKind::unusable_gpus;
    finding.is_warning = true;
    finding.total = static_cast<int>(machine.gpus.size());
    finding.because = reason;
    warnings.push_back(std::move(finding));
  }
  std::copy_if(machine.findings.begin(), machine.findings.end(), std::back_inserter(warnings),
               [](const MachineFinding& finding) { return finding.is_warning; });
  return warnings;
}

IdSet allowed_cpus(const Machine& machine) {
  IdSet cpus;
  for (const IdSet& core : machine.core_cpus) cpus.insert(cpus.end(), core.begin(), core.end());
  std::sort(cpus.begin(), cpus.end());
  cpus.erase(std::unique(cpus.begin(), cpus.end()), cpus.end());
  return cpus;
}

IdSet cpus_without_node(const Machine& machine) {
  IdSet cpus = allowed_cpus(machine);
  for (const NumaNode& node : machine.numa_nodes) cpus = without(cpus, node.cpus);
  return cpus;
}

}  // namespace smlaunch
