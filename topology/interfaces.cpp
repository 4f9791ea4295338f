// SPDX-License-Identifier: Apache-2.0
// The kernel's routes decide: the interface that most of the hosts are reached over. Bridges of container
// engines are never chosen, though they are up and have an address that every host has too.
#include "topology/interfaces.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>

namespace smlaunch {
namespace {

std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text.data(), text.size());
  if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text.data(), text.size());
  return text.data();
}

const NetworkInterface* find_interface(const std::vector<NetworkInterface>& interfaces,
                                       std::string_view name) {
  const auto found = std::find_if(interfaces.begin(), interfaces.end(),
                                  [&](const NetworkInterface& each) { return each.name == name; });
  return found == interfaces.end() ? nullptr : &*found;
}

}  // namespace

std::vector<NetworkInterface> probe_interfaces() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, freeifaddrs);
  std::vector<NetworkInterface> all;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    auto known = std::find_if(all.begin(), all.end(),
                              [&](const NetworkInterface& one) { return one.name == each->ifa_name; });
    if (known == all.end())
      known = all.insert(all.end(), {each->ifa_name, (each->ifa_flags & IFF_UP) != 0, {}});
    std::string address = each->ifa_addr == nullptr ? "" : address_text(each->ifa_addr);
    if (!address.empty()) known->addresses.push_back(std::move(address));
  }
  return all;
}

bool leads_nowhere(std::string_view interface) {
  if (interface == "lo") return true;
  constexpr std::array<std::string_view, 5> made_by_engines = {"docker", "virbr", "veth", "cni", "flannel"};
  return std::any_of(made_by_engines.begin(), made_by_engines.end(),
                     [&](std::string_view prefix) { return interface.substr(0, prefix.size()) == prefix; });
}

std::string interface_problem(const std::vector<NetworkInterface>& interfaces, std::string_view name) {
  const NetworkInterface* found = find_interface(interfaces, name);
  if (found == nullptr) return "does not exist";
  if (!found->up) return "is down";
  return found->addresses.empty() ? "has no address" : "";
}

std::string usable_interfaces(const std::vector<NetworkInterface>& interfaces) {
  std::string list;
  for (const NetworkInterface& each : interfaces)
    if (interface_problem(interfaces, each.name).empty() && !leads_nowhere(each.name))
      list += (list.empty() ? "" : ", ") + each.name;
  return list;
}

ChosenInterface choose_interface(const std::vector<NetworkInterface>& interfaces,
                                 const std::vector<std::pair<std::string, std::string>>& routes) {
  std::map<std::string, std::vector<std::string>> hosts_over;
  std::vector<std::string> nowhere;
  for (const auto& [host, own_address] : routes) {
    for (const NetworkInterface& each : interfaces) {
      const auto& addresses = each.addresses;
      if (std::find(addresses.begin(), addresses.end(), own_address) == addresses.end()) continue;
      if (leads_nowhere(each.name))
        nowhere.push_back(
            fmt::format("{} is reached over {}, which leads to no other machine", host, each.name));
      else
        hosts_over[each.name].push_back(host);
      break;
    }
  }
  if (hosts_over.empty()) {
    if (!nowhere.empty()) return {"", fmt::format("none chosen: {}", nowhere.front())};
    return {"", "none chosen: no route to another host is known here"};
  }
  const auto most = std::max_element(hosts_over.begin(), hosts_over.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const std::size_t others = most->second.size() - 1;
  return {most->first, fmt::format("the route to {}{} goes over it", most->second.front(),
                                   others == 0 ? "" : fmt::format(" and {} more", others))};
}

}  // namespace smlaunch
