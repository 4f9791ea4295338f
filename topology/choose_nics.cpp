// SPDX-License-Identifier: Apache-2.0
#include "topology/choose_nics.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <map>

#include "topology/assign_nics.hpp"

namespace smlaunch {
namespace {

// A nearer NIC may be down, or be Ethernet beside a fabric.
std::string nothing_nearer(const Machine& machine, std::size_t gpu, std::size_t nic, Nearness path) {
  const bool is_fabric = machine.nics[nic].kind != NicKind::ethernet;
  bool is_down = false;
  bool is_ethernet = false;
  for (std::size_t i = 0; i < machine.nics.size() && gpu < machine.gpu_nic.size(); ++i) {
    if (machine.gpu_nic[gpu][i] >= path) continue;
    (machine.nics[i].link_up ? is_ethernet : is_down) = true;
  }
  return fmt::format("{}{} is nearer", is_fabric && is_ethernet ? "no InfiniBand or EFA NIC" : "none",
                     is_down ? " that is up" : "");
}

ChosenNic describe(const Machine& machine, std::size_t gpu, std::size_t nic, std::size_t mates) {
  const bool is_known = gpu < machine.gpu_nic.size() && nic < machine.gpu_nic[gpu].size();
  const Nearness path = is_known ? machine.gpu_nic[gpu][nic] : Nearness::SYS;
  const std::string far =
      path > Nearness::PHB ? ", " + nothing_nearer(machine, gpu, nic, path) : std::string();
  const std::string shared =
      mates == 0 ? "" : fmt::format(" shared with {} other GPU{}", mates, mates == 1 ? "" : "s");
  return {.nic = static_cast<int>(nic),
          .path = path,
          .why = fmt::format("NIC {} ({}{}){}", machine.nics[nic].name, to_string(path), far, shared)};
}

}  // namespace

std::vector<ChosenNic> choose_nics(const Machine& machine, const std::vector<int>& gpus) {
  const std::vector<std::optional<int>> assigned = assign_nics(machine, gpus);
  std::map<int, std::size_t> gpus_of_nic;
  for (const auto& nic : assigned)
    if (nic) ++gpus_of_nic[*nic];
  std::vector<ChosenNic> chosen;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    const auto& nic = assigned[i];
    if (nic)
      chosen.push_back(describe(machine, static_cast<std::size_t>(gpus[i]), static_cast<std::size_t>(*nic),
                                gpus_of_nic[*nic] - 1));
    else
      chosen.push_back({.why = machine.nics.empty() ? "" : "no NIC, because every link is down"});
  }
  return chosen;
}

}  // namespace smlaunch
