// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/own_host.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <set>

#include "base/host_name.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

bool is_loopback(const std::string& name) {
  return name == "localhost" || name.starts_with("127.") || name == "::1" || name == "[::1]";
}

// Our own address on the way to another machine. Connecting a datagram socket sends nothing, the kernel only
// chooses the way. Empty: there is no way.
std::string address_towards(const sockaddr* other, socklen_t length) {
  sockaddr_storage to{};
  std::memcpy(&to, other, std::min<std::size_t>(length, sizeof to));
  // A port is needed; any port will do.
  if (to.ss_family == AF_INET) reinterpret_cast<sockaddr_in&>(to).sin_port = htons(22);
  if (to.ss_family == AF_INET6) reinterpret_cast<sockaddr_in6&>(to).sin6_port = htons(22);
  const int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage own{};
  socklen_t own_length = sizeof own;
  const bool chosen = fd >= 0 && connect(fd, reinterpret_cast<const sockaddr*>(&to), length) == 0 &&
                      getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_length) == 0;
  if (fd >= 0) close(fd);
  return chosen ? numeric_text(reinterpret_cast<const sockaddr*>(&own)) : "";
}

}  // namespace

std::optional<std::string> find_own_host(const std::vector<std::string>& hosts, NameBook& names) {
  const std::string name = probe_host_name();
  const std::string short_name = name.substr(0, name.find('.'));
  std::set<std::string> own;
  for (const NetworkInterface& each : probe_interfaces())
    own.insert(each.addresses.begin(), each.addresses.end());
  for (const std::string& host : hosts)
    if (host == name || host == short_name || host.substr(0, host.find('.')) == name || is_loopback(host) ||
        own.contains(host))
      return host;
  const auto is_own = [&](const NameBook::Addresses& addresses) {
    return std::any_of(addresses.begin(), addresses.end(),
                       [&](const HostAddress& address) { return own.contains(address.text); });
  };
  names.ask(hosts, is_own);
  const auto found = std::find_if(hosts.begin(), hosts.end(),
                                  [&](const std::string& host) { return is_own(names.addresses_of(host)); });
  return found == hosts.end() ? std::nullopt : std::optional(*found);
}

std::string probe_own_address(const std::string& interface, const std::string& peer) {
  for (const NetworkInterface& each : probe_interfaces()) {
    if (each.name != interface || !each.up) continue;
    for (const std::string& address : each.addresses)
      if (address.find(':') == std::string::npos) return address;
  }
  addrinfo wanted{};
  wanted.ai_family = AF_INET;
  wanted.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(peer.c_str(), "22", &wanted, &found) != 0) return "";
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  return address_towards(found->ai_addr, found->ai_addrlen);
}

std::vector<std::vector<std::string>> probe_addresses(const std::vector<std::string>& hosts,
                                                      NameBook& names) {
  names.ask(hosts);
  std::vector<std::vector<std::string>> all(hosts.size());
  for (std::size_t i = 0; i < hosts.size(); ++i)
    for (const HostAddress& address : names.addresses_of(hosts[i])) all[i].push_back(address.text);
  return all;
}

std::vector<std::pair<std::string, std::string>> probe_routes(const std::vector<std::string>& hosts,
                                                              NameBook& names) {
  names.ask(hosts);
  std::vector<std::pair<std::string, std::string>> routes;
  for (const std::string& host : hosts) {
    const NameBook::Addresses& addresses = names.addresses_of(host);
    if (addresses.empty()) continue;
    std::string own;
    for (const HostAddress& each : addresses)
      if (own.empty()) own = address_towards(reinterpret_cast<const sockaddr*>(&each.socket), each.length);
    routes.emplace_back(host, std::move(own));
  }
  return routes;
}

}  // namespace smlaunch
