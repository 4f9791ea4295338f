// SPDX-License-Identifier: Apache-2.0
#include "topology/odd_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

namespace smlaunch {
namespace {

constexpr std::size_t most_named = 6;

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < most_named; ++i) list += (i == 0 ? "" : ", ") + names[i];
  return names.size() <= most_named ? list : fmt::format("{} and {} more", list, names.size() - most_named);
}

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

// Which NUMA node each device is near, and what is near what.
std::string shape(const Machine& machine) {
  std::string text;
  for (const Gpu& gpu : machine.gpus) text += fmt::format("{}/", gpu.numa.value_or(-1));
  for (const Nic& nic : machine.nics) text += fmt::format("{};", nic.numa.value_or(-1));
  for (const auto& row : machine.gpu_nic)
    for (const Nearness nearness : row) text += to_string(nearness);
  for (const auto& row : machine.gpu_gpu)
    for (const std::string& relation : row) text += relation;
  return text;
}

std::string version(const Machine& machine, const char* name) {
  const auto found = machine.versions.find(name);
  return found == machine.versions.end() ? "" : found->second;
}

std::vector<Trait> traits_of(const Machine& machine) {
  const auto up =
      std::count_if(machine.nics.begin(), machine.nics.end(), [](const Nic& nic) { return nic.link_up; });
  std::vector<Trait> traits = {
      {"usable GPUs", std::to_string(machine.usable_gpus())},
      {"NICs", std::to_string(machine.nics.size())},
      {"cores", std::to_string(machine.cores)},
      {"NUMA nodes", std::to_string(machine.numa_nodes.size())},
      {"GPU models", tally(machine.gpus, [](const Gpu& gpu) { return gpu.model; }), true},
      {"links that are up", std::to_string(up), true},
      {"the way its devices hang on the PCI bus", shape(machine), true, false},
      {"PCI lanes of its GPUs",
       tally(machine.gpus, [](const Gpu& gpu) { return number_or_nothing(gpu.link_width, ""); }), true},
      {"NIC speeds",
       tally(machine.nics, [](const Nic& nic) { return number_or_nothing(nic.gigabits, " Gb/s"); }), true}};
  constexpr std::array<std::pair<const char*, const char*>, 4> versions = {
      {{"driver", "NVIDIA driver"}, {"nccl", "NCCL"}, {"open_mpi", "Open MPI"}, {"smlaunch", "smlaunch"}}};
  for (const auto& [key, name] : versions) traits.push_back({name, version(machine, key)});
  return traits;
}

using HostsByValue = std::map<std::string, std::vector<std::string>>;

void name_odd_ones(const HostsByValue& by_value, const Trait& trait, std::set<std::string>& odd,
                   std::vector<std::string>& sentences) {
  const auto most = std::max_element(by_value.begin(), by_value.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const std::size_t majority = most->second.size();
  const bool is_tie = std::count_if(by_value.begin(), by_value.end(),
                                    [&](const auto& each) { return each.second.size() == majority; }) > 1;
  if (is_tie) {
    std::string list;
    for (const auto& [value, hosts] : by_value) {
      list += fmt::format("{}{}{}", list.empty() ? "" : (trait.is_short ? ", " : " and "),
                          trait.is_short ? value + " on " : "", joined(hosts));
      odd.insert(hosts.begin(), hosts.end());
    }
    sentences.push_back(trait.is_short ? fmt::format("hosts differ: {} {}", trait.name, list)
                                       : fmt::format("hosts differ in {}: {}", trait.name, list));
    return;
  }
  for (const auto& [value, hosts] : by_value) {
    if (&hosts == &most->second) continue;
    odd.insert(hosts.begin(), hosts.end());
    const std::string who = fmt::format("{} differ{}", joined(hosts), hosts.size() == 1 ? "s" : "");
    const std::string rest = fmt::format("the {} other hosts", majority);
    sentences.push_back(trait.is_short
                            ? fmt::format("{}: {} {}, on {} {}", who, trait.name, value, rest, most->first)
                            : fmt::format("{} from {} in {}", who, rest, trait.name));
  }
}

}  // namespace

std::vector<std::string> find_odd_traits(const std::vector<const HostTraits*>& hosts) {
  std::map<std::string, std::vector<const HostTraits*>> groups;
  for (const HostTraits* host : hosts) groups[host->group].push_back(host);
  std::vector<std::string> sentences;
  for (const auto& [group, members] : groups) {
    std::set<std::string> odd;
    for (std::size_t i = 0; i < members.front()->traits.size(); ++i) {
      const Trait& trait = members.front()->traits[i];
      HostsByValue by_value;
      for (const HostTraits* host : members) {
        const std::string& value = host->traits[i].value;
        if (!value.empty() && !(trait.of_equal_only && odd.contains(host->host)))
          by_value[value].push_back(host->host);
      }
      if (by_value.size() > 1) name_odd_ones(by_value, trait, odd, sentences);
    }
  }
  return sentences;
}

std::vector<std::string> find_odd_hosts(const Cluster& cluster) {
  // Equal hosts share a machine: what is one machine needs no look at its traits.
  std::map<std::pair<std::string, std::string>, std::set<const Machine*>> machines;
  std::vector<const Host*> known;
  for (const Host& host : cluster.hosts) {
    if (host.source == TopologySource::assumed) continue;
    known.push_back(&host);
    machines[{host.group, host.instance_type}].insert(host.machine.get());
  }
  std::map<const Machine*, std::vector<Trait>> traits;
  std::vector<HostTraits> all;
  for (const Host* host : known) {
    if (machines[{host->group, host->instance_type}].size() < 2) continue;
    const auto [found, is_new] = traits.try_emplace(host->machine.get());
    if (is_new) found->second = traits_of(*host->machine);
    all.push_back({host->name, host->group + "\n" + host->instance_type, found->second});
  }
  std::vector<const HostTraits*> pointers;
  for (const HostTraits& each : all) pointers.push_back(&each);
  return find_odd_traits(pointers);
}

}  // namespace smlaunch
