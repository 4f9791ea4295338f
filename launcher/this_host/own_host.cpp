// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/own_host.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <set>

#include "base/host_name.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

constexpr std::chrono::seconds resolve_bound{2};

std::string address_text(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof text);
  if (address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof text);
  return text;
}

bool is_loopback(const std::string& name) {
  return name == "localhost" || name.starts_with("127.") || name == "::1" || name == "[::1]";
}

// The resolver's threads read the names and write the answers until each request is done.
struct Lookup {
  std::vector<std::string> names;
  std::vector<gaicb> requests;
};

void wait_for(gaicb& request, std::chrono::steady_clock::time_point deadline) {
  while (gai_error(&request) == EAI_INPROGRESS) {
    const auto left =
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    const timespec bound{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    const gaicb* one = &request;
    gai_suspend(&one, 1, &bound);
  }
}

// Asks for all names at once; a name server that does not answer costs no more than the bound. Calls
// `answered` with each name that is known, in order, until it says no.
template <class Answered>
void look_up(const std::vector<std::string>& hosts, Answered answered) {
  auto lookup = std::make_unique<Lookup>();
  lookup->names = hosts;
  lookup->requests.resize(hosts.size());
  std::vector<gaicb*> list;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    lookup->requests[i].ar_name = lookup->names[i].c_str();
    list.push_back(&lookup->requests[i]);
  }
  if (getaddrinfo_a(GAI_NOWAIT, list.data(), static_cast<int>(list.size()), nullptr) != 0) return;
  const auto deadline = std::chrono::steady_clock::now() + resolve_bound;
  bool go_on = true;
  bool all_done = true;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    gaicb& request = lookup->requests[i];
    if (go_on) wait_for(request, deadline);
    if (gai_cancel(&request) == EAI_NOTCANCELED) all_done = false;
    if (gai_error(&request) != 0) continue;
    if (go_on) go_on = answered(hosts[i], request.ar_result);
    freeaddrinfo(request.ar_result);
  }
  // A request under way cannot be taken back: its memory must stay.
  if (!all_done) (void)lookup.release();
}

std::optional<std::string> resolve_own(const std::vector<std::string>& hosts,
                                       const std::set<std::string>& own) {
  std::optional<std::string> found;
  look_up(hosts, [&](const std::string& host, const addrinfo* addresses) {
    for (const addrinfo* each = addresses; each != nullptr && !found; each = each->ai_next)
      if (own.contains(address_text(each->ai_addr))) found = host;
    return !found;
  });
  return found;
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
  return chosen ? address_text(reinterpret_cast<const sockaddr*>(&own)) : "";
}

}  // namespace

std::optional<std::string> find_own_host(const std::vector<std::string>& hosts) {
  const std::string name = probe_host_name();
  const std::string short_name = name.substr(0, name.find('.'));
  std::set<std::string> own;
  for (const NetworkInterface& each : probe_interfaces())
    own.insert(each.addresses.begin(), each.addresses.end());
  for (const std::string& host : hosts)
    if (host == name || host == short_name || host.substr(0, host.find('.')) == name || is_loopback(host) ||
        own.contains(host))
      return host;
  return resolve_own(hosts, own);
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

std::vector<std::vector<std::string>> probe_addresses(const std::vector<std::string>& hosts) {
  std::vector<std::vector<std::string>> all(hosts.size());
  look_up(hosts, [&](const std::string& host, const addrinfo* found) {
    std::vector<std::string>& own =
        all[static_cast<std::size_t>(std::find(hosts.begin(), hosts.end(), host) - hosts.begin())];
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
      std::string address = address_text(each->ai_addr);
      if (std::find(own.begin(), own.end(), address) == own.end()) own.push_back(std::move(address));
    }
    return true;
  });
  return all;
}

std::vector<std::pair<std::string, std::string>> probe_routes(const std::vector<std::string>& hosts) {
  std::vector<std::pair<std::string, std::string>> routes;
  look_up(hosts, [&](const std::string& host, const addrinfo* found) {
    std::string own;
    for (const addrinfo* each = found; each != nullptr && own.empty(); each = each->ai_next)
      own = address_towards(each->ai_addr, each->ai_addrlen);
    routes.emplace_back(host, std::move(own));
    return true;
  });
  return routes;
}

}  // namespace smlaunch
