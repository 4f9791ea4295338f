// SPDX-License-Identifier: Apache-2.0
// The kernel's routes decide: most of the hosts are reached over the chosen interface. An interface that a
// container engine or a hypervisor made for its own guests is never chosen. It is up and has an address, but
// other hosts have the same address.
#include "topology/interfaces.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>

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

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

using AddressBytes = std::vector<unsigned char>;

std::optional<AddressBytes> parse_address(std::string_view text) {
  const std::string address(text);
  AddressBytes bytes(16);
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(4);
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

// "10.0.0.0/24" of an address and its netmask.
std::string subnet_text(const sockaddr* address, const sockaddr* mask) {
  if (mask == nullptr || mask->sa_family != address->sa_family) return "";
  auto network = parse_address(address_text(address));
  const auto bits = parse_address(address_text(mask));
  if (!network || !bits || network->size() != bits->size()) return "";
  int length = 0;
  for (std::size_t i = 0; i < network->size(); ++i) {
    (*network)[i] &= (*bits)[i];
    length += __builtin_popcount((*bits)[i]);
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(address->sa_family, network->data(), text.data(), text.size());
  return fmt::format("{}/{}", text.data(), length);
}

namespace fs = std::filesystem;
constexpr const char* class_net = "/sys/class/net/";

// The interface is a device of its own, or is stacked on one: bond0 on eth0.
bool is_physical(const std::string& interface, int deepest = 4) {
  std::error_code error;
  const fs::path folder = class_net + interface;
  if (fs::exists(folder / "device", error)) return true;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (deepest > 0 && has_prefix(name, "lower_") && is_physical(name.substr(6), deepest - 1)) return true;
  }
  return false;
}

bool is_bridge_without_physical_port(const std::string& interface) {
  std::error_code error;
  const fs::path folder = class_net + interface;
  if (!fs::exists(folder / "bridge", error)) return false;
  const auto ports = fs::directory_iterator(folder / "brif", error);
  return !error && std::none_of(begin(ports), end(ports), [](const auto& port) {
    return is_physical(port.path().filename().string());
  });
}

bool is_link_local(std::string_view address) {
  const auto bytes = parse_address(address.substr(0, address.find('%')));
  return bytes && bytes->size() == 16 && (*bytes)[0] == 0xfe && ((*bytes)[1] & 0xc0) == 0x80;
}

bool has_engines_bridge_name(std::string_view interface) {  // Docker's: br-0123456789ab
  return interface.size() == 15 && has_prefix(interface, "br-") &&
         interface.find_first_not_of("0123456789abcdef", 3) == std::string_view::npos;
}

std::string problem_of(const NetworkInterface& interface, bool several_hosts) {
  if (several_hosts && is_engines_name(interface.name))
    return "is a container engine's, which leads to no other host";
  if (several_hosts && interface.is_inner)
    return "is a bridge without a physical port, which leads to no other host";
  if (!interface.up) return "is down";
  if (!interface.has_carrier) return "has no carrier";
  if (interface.addresses.empty()) return "has no address";
  const bool only_link_local =
      std::all_of(interface.addresses.begin(), interface.addresses.end(), is_link_local);
  return only_link_local ? "has no address but link-local" : "";
}

std::vector<std::string_view> split(std::string_view list) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    if (end > begin) parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
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
    if (known == all.end()) {
      known = all.insert(all.end(), NetworkInterface{});
      known->name = each->ifa_name;
      known->up = (each->ifa_flags & IFF_UP) != 0;
      known->has_carrier = !known->up || (each->ifa_flags & IFF_RUNNING) != 0;
      known->is_inner = is_bridge_without_physical_port(known->name);
    }
    std::string address = each->ifa_addr == nullptr ? "" : address_text(each->ifa_addr);
    if (address.empty()) continue;
    known->addresses.push_back(std::move(address));
    known->subnets.push_back(subnet_text(each->ifa_addr, each->ifa_netmask));
  }
  return all;
}

bool is_engines_name(std::string_view interface) {
  constexpr std::array<std::string_view, 14> beginnings = {"docker", "podman", "cni",  "nerdctl", "lxdbr",
                                                           "lxcbr",  "virbr",  "cali", "flannel", "cilium",
                                                           "kube-",  "veth",   "tunl", "dummy"};
  return has_engines_bridge_name(interface) ||
         std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return has_prefix(interface, beginning); });
}

bool leads_nowhere(const NetworkInterface& interface) {
  return interface.name == "lo" || interface.is_inner || is_engines_name(interface.name);
}

std::string interface_problem(const std::vector<NetworkInterface>& interfaces, std::string_view name,
                              bool several_hosts) {
  const NetworkInterface* found = find_interface(interfaces, name);
  return found == nullptr ? "does not exist" : problem_of(*found, several_hosts);
}

std::string pattern_problem(const std::vector<NetworkInterface>& interfaces, std::string_view pattern,
                            bool several_hosts) {
  const bool excludes = has_prefix(pattern, "^");
  if (excludes) pattern.remove_prefix(1);
  const bool is_whole = has_prefix(pattern, "=");
  if (is_whole) pattern.remove_prefix(1);
  const std::vector<std::string_view> names = split(pattern);
  std::string first_problem;
  for (const NetworkInterface& each : interfaces) {
    const bool is_named = std::any_of(names.begin(), names.end(), [&](std::string_view name) {
      return is_whole ? each.name == name : has_prefix(each.name, name);
    });
    if (is_named == excludes || (excludes && leads_nowhere(each))) continue;
    const std::string problem = problem_of(each, several_hosts);
    if (problem.empty()) return "";
    const bool says_which = !is_whole || names.size() > 1;
    if (first_problem.empty())
      first_problem = says_which ? fmt::format("{} {}", each.name, problem) : problem;
  }
  if (!first_problem.empty()) return first_problem;
  if (excludes) return "leaves no interface that leads to another host";
  return is_whole && names.size() == 1 ? "does not exist" : "matches no interface";
}

std::string usable_interfaces(const std::vector<NetworkInterface>& interfaces) {
  std::string list;
  for (const NetworkInterface& each : interfaces)
    if (!leads_nowhere(each) && problem_of(each, true).empty())
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
      if (leads_nowhere(each))
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

bool subnet_contains(std::string_view subnet, std::string_view address) {
  const std::size_t slash = subnet.find('/');
  if (slash == std::string_view::npos) return false;
  const auto network = parse_address(subnet.substr(0, slash));
  const auto bytes = parse_address(address);
  const std::string_view bits = subnet.substr(slash + 1);
  std::size_t length = 0;
  const auto [end, error] = std::from_chars(bits.data(), bits.data() + bits.size(), length);
  if (error != std::errc() || end != bits.data() + bits.size() || !network || !bytes ||
      network->size() != bytes->size() || length > 8 * bytes->size())
    return false;
  for (std::size_t bit = 0; bit < length; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    if (((*network)[bit / 8] & mask) != ((*bytes)[bit / 8] & mask)) return false;
  }
  return true;
}

std::pair<std::string, std::string> common_subnet(const std::vector<NetworkInterface>& interfaces,
                                                  const std::vector<std::vector<std::string>>& hosts) {
  for (const NetworkInterface& each : interfaces) {
    if (each.name == "lo" || !each.up || !each.has_carrier || hosts.empty()) continue;
    for (const std::string& subnet : each.subnets) {
      if (subnet.find(':') != std::string::npos) continue;
      const auto holds = [&](const std::string& address) { return subnet_contains(subnet, address); };
      if (std::all_of(hosts.begin(), hosts.end(), [&](const std::vector<std::string>& addresses) {
            return std::any_of(addresses.begin(), addresses.end(), holds);
          }))
        return {each.name, subnet};
    }
  }
  return {};
}

}  // namespace smlaunch
