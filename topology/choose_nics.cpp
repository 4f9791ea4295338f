// SPDX-License-Identifier: Apache-2.0
#include "topology/choose_nics.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <map>

#include "topology/assign_nics.hpp"

namespace smlaunch {
namespace {

// A nearer NIC may be down, or be Ethernet beside a fabric.
std::string nothing_nearer(const Machine& machine, GpuIndex gpu, const Nic& nic, Nearness path) {
  const bool is_fabric = nic.kind != NicKind::ethernet;
  bool is_down = false;
  bool is_ethernet = false;
  for (const NicIndex other : machine.nic_indices())
    if (machine.nearness(gpu, other) < path) (machine.nic(other).link_up ? is_ethernet : is_down) = true;
  return fmt::format("{}{} is nearer", is_fabric && is_ethernet ? "no InfiniBand or EFA NIC" : "none",
                     is_down ? " that is up" : "");
}

ChosenNic describe(const Machine& machine, GpuIndex gpu, NicIndex index, std::size_t mates) {
  const Nic& nic = machine.nic(index);
  const Nearness path = machine.nearness(gpu, index);
  const std::string far =
      path > Nearness::PHB ? ", " + nothing_nearer(machine, gpu, nic, path) : std::string();
  const std::string shared =
      mates == 0 ? "" : fmt::format(" shared with {} other GPU{}", mates, mates == 1 ? "" : "s");
  return {.nic = index,
          .path = path,
          .why = fmt::format("NIC {} ({}{}){}", nic.name, to_string(path), far, shared)};
}

}  // namespace

std::vector<ChosenNic> choose_nics(const Machine& machine, const std::vector<GpuIndex>& gpus) {
  const std::vector<std::optional<NicIndex>> assigned = assign_nics(machine, gpus);
  std::map<NicIndex, std::size_t> gpus_of_nic;
  for (const auto& nic : assigned)
    if (nic) ++gpus_of_nic[*nic];
  std::vector<ChosenNic> chosen;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    const auto& nic = assigned[i];
    if (nic)
      chosen.push_back(describe(machine, gpus[i], *nic, gpus_of_nic[*nic] - 1));
    else
      chosen.push_back({.why = machine.nics.empty() ? "" : "no NIC, because every link is down"});
  }
  return chosen;
}

}  // namespace smlaunch
