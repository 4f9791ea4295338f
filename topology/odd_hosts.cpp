// SPDX-License-Identifier: Apache-2.0
#include "topology/odd_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "base/host_list.hpp"
#include "topology/machine_kind.hpp"

namespace smlaunch {
namespace {

// "4 x NVIDIA H200", "2 x 16, 2 x 8"
template <class Device, class Value>
std::string tally(const std::vector<Device>& devices, Value value) {
  std::map<std::string, int> counts;
  for (const Device& device : devices) ++counts[value(device)];
  counts.erase("");
  std::string text;
  for (const auto& [each, count] : counts)
    text += fmt::format("{}{} x {}", text.empty() ? "" : ", ", count, each);
  return text;
}

std::string number_or_nothing(int number, const char* unit) {
  return number == 0 ? "" : fmt::format("{}{}", number, unit);
}

// FNV-1a: the same on every host.
std::string digest(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

// Which NUMA node each device is near, and what is near what.
std::string shape(const Machine& machine) {
  std::string text;
  for (const Gpu& gpu : machine.gpus) text += fmt::format("{}/", gpu.numa.value_or(-1));
  for (const Nic& nic : machine.nics) text += fmt::format("{};", nic.numa.value_or(-1));
  for (const auto& row : machine.gpu_nic)
    for (const Nearness nearness : row) text += to_string(nearness);
  for (const auto& row : machine.gpu_gpu)
    for (const std::string& relation : row) text += relation;
  return digest(text);
}

std::string version(const Machine& machine, const char* name) {
  if (machine.versions.empty()) return "";
  const auto found = machine.versions.find(name);
  return found == machine.versions.end() ? trait_is_absent : found->second;
}

using KindsByValue = std::map<std::string, std::vector<const AlikeHosts*>>;

const Trait* find_trait(const AlikeHosts& alike, const std::string& name) {
  const auto found = std::find_if(alike.traits.begin(), alike.traits.end(),
                                  [&](const Trait& trait) { return trait.name == name; });
  return found == alike.traits.end() ? nullptr : &*found;
}

std::size_t count_hosts(const std::vector<const AlikeHosts*>& kinds) {
  std::size_t count = 0;
  for (const AlikeHosts* kind : kinds) count += kind->hosts.size();
  return count;
}

std::string hosts_in_words(const Indexed<NodeRank, std::string>& names,
                           const std::vector<const AlikeHosts*>& kinds) {
  std::vector<NodeRank> hosts;
  for (const AlikeHosts* kind : kinds) hosts.insert(hosts.end(), kind->hosts.begin(), kind->hosts.end());
  std::sort(hosts.begin(), hosts.end());
  std::vector<std::string> named;
  for (const NodeRank host : hosts) named.push_back(names[host]);
  return join_names(named);
}

std::string in_words(const Trait& trait, const std::string& value) {
  return value == trait_is_absent ? fmt::format("no {}", trait.name)
                                  : fmt::format("{} {}", trait.name, value);
}

void name_odd_ones(const Indexed<NodeRank, std::string>& names, const KindsByValue& by_value,
                   const Trait& trait, std::set<const AlikeHosts*>& odd,
                   std::vector<std::string>& sentences) {
  const auto most = std::max_element(by_value.begin(), by_value.end(), [](const auto& a, const auto& b) {
    return count_hosts(a.second) < count_hosts(b.second);
  });
  const std::size_t majority = count_hosts(most->second);
  const bool is_tie = std::count_if(by_value.begin(), by_value.end(), [&](const auto& each) {
                        return count_hosts(each.second) == majority;
                      }) > 1;
  if (is_tie) {
    std::string list;
    for (const auto& [value, kinds] : by_value) {
      list += fmt::format("{}{}{}", list.empty() ? "" : (trait.is_short ? ", " : " and "),
                          trait.is_short ? value + " on " : "", hosts_in_words(names, kinds));
      odd.insert(kinds.begin(), kinds.end());
    }
    sentences.push_back(trait.is_short ? fmt::format("hosts differ: {} {}", trait.name, list)
                                       : fmt::format("hosts differ in {}: {}", trait.name, list));
    return;
  }
  for (const auto& [value, kinds] : by_value) {
    if (&kinds == &most->second) continue;
    odd.insert(kinds.begin(), kinds.end());
    const std::string who =
        fmt::format("{} differ{}", hosts_in_words(names, kinds), count_hosts(kinds) == 1 ? "s" : "");
    const std::string rest = fmt::format("the {} other hosts", majority);
    sentences.push_back(trait.is_short
                            ? fmt::format("{}: {}, on {} {}", who, in_words(trait, value), rest, most->first)
                            : fmt::format("{} from {} in {}", who, rest, trait.name));
  }
}

}  // namespace

std::vector<Trait> traits_of(const Machine& machine) {
  const auto of_devices = [&](std::string value) { return machine.has_devices ? std::move(value) : ""; };
  const auto up =
      std::count_if(machine.nics.begin(), machine.nics.end(), [](const Nic& nic) { return nic.link_up; });
  std::vector<Trait> traits = {
      {"usable GPUs", std::to_string(machine.usable_gpus())},
      {"NICs", of_devices(std::to_string(machine.nics.size()))},
      {"cores", std::to_string(machine.cores)},
      {"NUMA nodes", std::to_string(machine.numa_nodes.size())},
      {"GPU models", tally(machine.gpus, [](const Gpu& gpu) { return gpu.model; }), true},
      {"links that are up", of_devices(std::to_string(up)), true},
      {"the way its devices hang on the PCI bus", of_devices(shape(machine)), true, false},
      {"PCI lanes of its GPUs",
       tally(machine.gpus, [](const Gpu& gpu) { return number_or_nothing(gpu.link.lanes, ""); }), true},
      {"PCIe generations of its GPUs",
       tally(machine.gpus, [](const Gpu& gpu) { return number_or_nothing(gpu.link.generation, ""); }), true},
      {"PCI lanes of its NICs",
       tally(machine.nics, [](const Nic& nic) { return number_or_nothing(nic.link.lanes, ""); }), true},
      {"PCIe generations of its NICs",
       tally(machine.nics, [](const Nic& nic) { return number_or_nothing(nic.link.generation, ""); }), true},
      {"NIC speeds",
       tally(machine.nics, [](const Nic& nic) { return number_or_nothing(nic.gigabits, " Gb/s"); }), true}};
  constexpr std::array<std::pair<const char*, const char*>, 4> versions = {
      {{"driver", "NVIDIA driver"}, {"nccl", "NCCL"}, {"open_mpi", "Open MPI"}, {"smlaunch", "smlaunch"}}};
  for (const auto& [key, name] : versions) traits.push_back({name, version(machine, key)});
  return traits;
}

std::vector<std::string> find_odd_traits(const Indexed<NodeRank, std::string>& names,
                                         const std::vector<AlikeHosts>& alike) {
  std::map<std::string, std::vector<const AlikeHosts*>> groups;
  for (const AlikeHosts& each : alike) groups[each.group].push_back(&each);
  std::vector<std::string> sentences;
  for (const auto& [group, members] : groups) {
    std::set<const AlikeHosts*> odd;
    // Hosts may run different versions of smlaunch, and one version may know more traits than the other.
    const AlikeHosts& longest =
        **std::max_element(members.begin(), members.end(),
                           [](const auto* a, const auto* b) { return a->traits.size() < b->traits.size(); });
    for (const Trait& trait : longest.traits) {
      KindsByValue by_value;
      for (const AlikeHosts* kind : members) {
        const Trait* own = find_trait(*kind, trait.name);
        if (own != nullptr && !own->value.empty() && !(trait.of_equal_only && odd.contains(kind)))
          by_value[own->value].push_back(kind);
      }
      if (by_value.size() > 1) name_odd_ones(names, by_value, trait, odd, sentences);
    }
  }
  return sentences;
}

std::vector<std::string> find_odd_hosts(const Cluster& cluster) {
  MachineKinds kinds;
  std::map<std::pair<std::string, std::size_t>, AlikeHosts> alike;
  Indexed<NodeRank, std::string> names;
  for (const NodeRank node_rank : cluster.hosts.indices()) {
    const Host& host = cluster.hosts[node_rank];
    names.push_back(host.name);
    if (host.source == TopologySource::assumed) continue;
    const std::string group = host.group + "\n" + host.instance_type;
    const auto [found, is_new] = alike.try_emplace({group, kinds.kind_of(*host.machine)});
    if (is_new) found->second = {{}, group, traits_of(*host.machine)};
    found->second.hosts.push_back(node_rank);
  }
  std::vector<AlikeHosts> all;
  for (auto& [key, each] : alike) all.push_back(std::move(each));
  return find_odd_traits(names, all);
}

}  // namespace smlaunch
