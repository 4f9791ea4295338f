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

HostsWithValue hosts_with(const std::string& value, const std::vector<const AlikeHosts*>& kinds) {
  HostsWithValue with{.value = value, .hosts = {}};
  for (const AlikeHosts* kind : kinds)
    with.hosts.insert(with.hosts.end(), kind->hosts.begin(), kind->hosts.end());
  std::sort(with.hosts.begin(), with.hosts.end());
  return with;
}

std::string hosts_in_words(const Indexed<NodeRank, std::string>& names, const std::vector<NodeRank>& hosts) {
  std::vector<std::string> named;
  for (const NodeRank host : hosts) named.push_back(names[host]);
  return join_names(named);
}

std::string in_words(const OddTrait& odd, const std::string& value) {
  return value == trait_is_absent ? fmt::format("no {}", odd.name) : fmt::format("{} {}", odd.name, value);
}

void add_odd_ones(const KindsByValue& by_value, const Trait& trait, std::set<const AlikeHosts*>& odd,
                  std::vector<OddTrait>& all) {
  const auto most = std::max_element(by_value.begin(), by_value.end(), [](const auto& a, const auto& b) {
    return count_hosts(a.second) < count_hosts(b.second);
  });
  const std::size_t majority = count_hosts(most->second);
  const bool is_tie = std::count_if(by_value.begin(), by_value.end(), [&](const auto& each) {
                        return count_hosts(each.second) == majority;
                      }) > 1;
  OddTrait made{.name = trait.name, .is_short = trait.is_short, .odd = {}, .usual = {}, .others = 0};
  if (!is_tie) {
    made.usual = most->first;
    made.others = majority;
  }
  for (const auto& [value, kinds] : by_value) {
    if (!is_tie && &kinds == &most->second) continue;
    odd.insert(kinds.begin(), kinds.end());
    if (!is_tie) made.odd.clear();
    made.odd.push_back(hosts_with(value, kinds));
    if (!is_tie) all.push_back(made);
  }
  if (is_tie) all.push_back(std::move(made));
}

Indexed<NodeRank, std::string> names_of(const Cluster& cluster) {
  Indexed<NodeRank, std::string> names;
  for (const Host& host : cluster.hosts) names.push_back(host.name);
  return names;
}

std::vector<std::string> render_odd_traits(const Indexed<NodeRank, std::string>& names,
                                           const std::vector<OddTrait>& all) {
  std::vector<std::string> sentences;
  for (const OddTrait& each : all) sentences.push_back(render_odd_trait(names, each));
  return sentences;
}

}  // namespace

std::vector<Trait> traits_of(const Machine& machine) {
  const auto of_devices = [&](std::string value) { return machine.has_devices ? std::move(value) : ""; };
  const auto up =
      std::count_if(machine.nics.begin(), machine.nics.end(), [](const Nic& nic) { return nic.link_up; });
  std::vector<Trait> traits = {
      {usable_gpus_trait, std::to_string(machine.usable_gpus())},
      {"NICs", of_devices(std::to_string(machine.nics.size()))},
      {cores_trait, std::to_string(machine.cores)},
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

std::vector<OddTrait> compare_traits(const std::vector<AlikeHosts>& alike) {
  std::map<std::string, std::vector<const AlikeHosts*>> groups;
  for (const AlikeHosts& each : alike) groups[each.group].push_back(&each);
  std::vector<OddTrait> all;
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
      if (by_value.size() > 1) add_odd_ones(by_value, trait, odd, all);
    }
  }
  return all;
}

std::vector<OddTrait> compare_hosts(const Cluster& cluster) {
  MachineKinds kinds;
  std::map<std::pair<std::string, std::size_t>, AlikeHosts> alike;
  for (const NodeRank node_rank : cluster.hosts.indices()) {
    const Host& host = cluster.hosts[node_rank];
    if (host.source == TopologySource::assumed) continue;
    const std::string group = host.group + "\n" + host.instance_type;
    const auto [found, is_new] = alike.try_emplace({group, kinds.kind_of(*host.machine)});
    if (is_new) found->second = {{}, group, traits_of(*host.machine)};
    found->second.hosts.push_back(node_rank);
  }
  std::vector<AlikeHosts> all;
  for (auto& [key, each] : alike) all.push_back(std::move(each));
  return compare_traits(all);
}

std::string render_odd_trait(const Indexed<NodeRank, std::string>& names, const OddTrait& odd) {
  if (odd.others == 0) {
    std::string list;
    for (const auto& [value, hosts] : odd.odd)
      list += fmt::format("{}{}{}", list.empty() ? "" : (odd.is_short ? ", " : " and "),
                          odd.is_short ? value + " on " : "", hosts_in_words(names, hosts));
    return odd.is_short ? fmt::format("hosts differ: {} {}", odd.name, list)
                        : fmt::format("hosts differ in {}: {}", odd.name, list);
  }
  const HostsWithValue& few = odd.odd.front();
  const std::string who =
      fmt::format("{} differ{}", hosts_in_words(names, few.hosts), few.hosts.size() == 1 ? "s" : "");
  const std::string rest = fmt::format("the {} other hosts", odd.others);
  return odd.is_short ? fmt::format("{}: {}, on {} {}", who, in_words(odd, few.value), rest, odd.usual)
                      : fmt::format("{} from {} in {}", who, rest, odd.name);
}

std::vector<std::string> find_odd_traits(const Indexed<NodeRank, std::string>& names,
                                         const std::vector<AlikeHosts>& alike) {
  return render_odd_traits(names, compare_traits(alike));
}

std::vector<std::string> find_odd_hosts(const Cluster& cluster) {
  return render_odd_traits(names_of(cluster), compare_hosts(cluster));
}

}  // namespace smlaunch
