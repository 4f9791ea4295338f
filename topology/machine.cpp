// SPDX-License-Identifier: Apache-2.0
#include "topology/machine.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace smlaunch {

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

int Machine::usable_gpus() const {
  return static_cast<int>(std::count_if(gpus.begin(), gpus.end(), [](const Gpu& gpu) { return gpu.usable; }));
}

void warn(Machine& machine, std::string sentence) {
  machine.findings.push_back(sentence);
  machine.warnings.push_back(std::move(sentence));
}

std::vector<std::string> machine_warnings(const Machine& machine) {
  std::map<std::string, std::vector<std::string>> unusable;  // reason -> GPUs
  for (const Gpu& gpu : machine.gpus) {
    if (!gpu.usable)
      unusable[gpu.unusable_because].push_back(gpu.pci.empty() ? fmt::format("GPU {}", gpu.index) : gpu.pci);
  }
  std::vector<std::string> sentences;
  for (const auto& [reason, gpus] : unusable) {
    sentences.push_back(fmt::format("{} of its {} GPU{} cannot be used ({}): {}", gpus.size(),
                                    machine.gpus.size(), machine.gpus.size() == 1 ? "" : "s",
                                    fmt::join(gpus, ", "), reason.empty() ? "no reason was given" : reason));
  }
  sentences.insert(sentences.end(), machine.warnings.begin(), machine.warnings.end());
  return sentences;
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
  for (const NumaNode& node : machine.numa_nodes) {
    IdSet left;
    std::set_difference(cpus.begin(), cpus.end(), node.cpus.begin(), node.cpus.end(),
                        std::back_inserter(left));
    cpus = std::move(left);
  }
  return cpus;
}

}  // namespace smlaunch
