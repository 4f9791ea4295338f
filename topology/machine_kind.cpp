// SPDX-License-Identifier: Apache-2.0
#include "topology/machine_kind.hpp"

#include <algorithm>
#include <functional>
#include <string>

namespace smlaunch {
namespace {

bool are_of_one_kind(const Gpu& a, const Gpu& b) {
  return a.index == b.index && a.usable == b.usable && a.numa == b.numa && a.link == b.link &&
         a.memory_bytes == b.memory_bytes && a.pci == b.pci && a.model == b.model && a.cpus == b.cpus &&
         a.unusable_because == b.unusable_because && a.mig_instances.size() == b.mig_instances.size();
}

// A hash of a few facts that tell most kinds apart. Machines with equal hashes are compared in full.
std::size_t hash_of_kind(const Machine& machine) {
  std::size_t hash = 0;
  const auto add = [&hash](std::size_t value) { hash = hash * 1'000'003 + value; };
  for (const std::size_t value :
       {static_cast<std::size_t>(machine.processing_units), machine.numa_nodes.size(),
        machine.core_cpus.size(), machine.gpus.size(), machine.nics.size(), machine.versions.size()})
    add(value);
  for (const Gpu& gpu : machine.gpus) {
    add(std::hash<std::string>()(gpu.model));
    add(std::hash<std::string>()(gpu.pci));
    add(gpu.usable ? 1 : 0);
  }
  for (const Nic& nic : machine.nics) add(nic.link_up ? 1 : 0);
  return hash;
}

}  // namespace

bool are_of_one_kind(const Machine& a, const Machine& b) {
  return a.packages == b.packages && a.cores == b.cores && a.processing_units == b.processing_units &&
         a.has_devices == b.has_devices && a.cpu_quota == b.cpu_quota && a.gpus.size() == b.gpus.size() &&
         std::equal(a.gpus.begin(), a.gpus.end(), b.gpus.begin(),
                    [](const Gpu& one, const Gpu& other) { return are_of_one_kind(one, other); }) &&
         a.nics == b.nics && a.gpu_nic == b.gpu_nic && a.gpu_gpu == b.gpu_gpu && a.nic_nic == b.nic_nic &&
         a.numa_nodes == b.numa_nodes && a.core_cpus == b.core_cpus && a.versions == b.versions;
}

std::size_t MachineKinds::kind_of(const Machine& machine) {
  const auto [known, is_new] = known_.try_emplace(&machine, 0);
  if (!is_new) return known->second;
  const std::size_t hash = hash_of_kind(machine);
  const auto [begin, end] = by_hash_.equal_range(hash);
  const auto same = std::find_if(
      begin, end, [&](const auto& each) { return are_of_one_kind(*firsts_[each.second], machine); });
  if (same != end) return known->second = same->second;
  by_hash_.emplace(hash, firsts_.size());
  firsts_.push_back(&machine);
  return known->second = firsts_.size() - 1;
}

}  // namespace smlaunch
