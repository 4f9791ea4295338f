// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/given_hosts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "base/read_file.hpp"
#include "launcher/this_host/own_host.hpp"
#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

// No hostfile is longer: 64 bytes for each of a million hosts.
constexpr std::size_t longest_hostfile = 64U << 20U;
// A few are enough to tell how others are reached; each costs a question to the name server.
constexpr std::size_t most_hosts_asked = 8;

bool is_stdin(const std::string& name) { return name == "-" || name == "/dev/stdin"; }

bool is_loopback_address(const std::string& address) {
  return subnet_contains("127.0.0.0/8", address) || address == "::1";
}

// mpirun takes no IPv6 address as a host's name.
bool is_for_mpirun(const std::string& address) { return address.find(':') == std::string::npos; }

}  // namespace

bool is_loopback_name(const std::string& host) {
  static constexpr std::array<std::string_view, 6> names = {
      "localhost", "localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"};
  return std::find(names.begin(), names.end(), host) != names.end() || host.ends_with(".localhost") ||
         is_loopback_address(host);
}

Result<void> name_for_others(std::vector<HostSlots>& hosts,
                             const std::function<Routes(const std::vector<std::string>&)>& ask_routes,
                             Fault fault, const std::string& where) {
  std::vector<std::string> others;
  for (const HostSlots& host : hosts)
    if (!is_loopback_name(host.name)) others.push_back(host.name);
  if (others.empty() || others.size() == hosts.size()) return {};
  const auto own = std::find_if(hosts.begin(), hosts.end(),
                                [](const HostSlots& host) { return is_loopback_name(host.name); });
  const auto refuse = [&](const std::string& what) {
    return failure(fault, where, what, "call this machine by the name that the others know");
  };
  if (others.size() + 1 < hosts.size())
    return refuse(
        fmt::format("'{}' is not this machine's only name beside hosts that are others", own->name));
  others.resize(std::min(others.size(), most_hosts_asked));
  const Routes routes = ask_routes(others);
  const auto is_usable = [](const auto& route) {
    return !route.second.empty() && !is_loopback_address(route.second) && is_for_mpirun(route.second);
  };
  const auto route = std::find_if(routes.begin(), routes.end(), is_usable);
  const bool are_here = !routes.empty() && std::all_of(routes.begin(), routes.end(), [](const auto& each) {
    return is_loopback_address(each.second);
  });
  if (are_here) return {};
  if (route == routes.end())
    return refuse(
        fmt::format("'{}' means another machine to every other host, and no address of this one is "
                    "known at which {} would reach it",
                    own->name, others.front()));
  if (std::any_of(hosts.begin(), hosts.end(),
                  [&](const HostSlots& host) { return host.name == route->second; }))
    return refuse(fmt::format("'{}' and {} are both this machine", own->name, route->second));
  own->name = route->second;
  return {};
}

Result<GivenHostSlots> read_given_hosts(const Options& options, NameBook& names) {
  const auto ask_routes = [&](const std::vector<std::string>& hosts) { return probe_routes(hosts, names); };
  if (options.hosts && options.hostfile)
    return failure(Fault::usage, "--hosts", "does not go with --hostfile", "give one of them");
  if (options.hosts) {
    auto hosts = parse_host_option(*options.hosts, source_of(options, "hosts", "--hosts"));
    if (!hosts) return tl::unexpected(hosts.error());
    const std::string where = source_of(options, "hosts", "--hosts");
    if (auto named = name_for_others(*hosts, ask_routes, Fault::usage, where); !named)
      return tl::unexpected(named.error());
    return std::move(*hosts);
  }
  if (!options.hostfile) return std::nullopt;
  const std::string& name = *options.hostfile;
  std::error_code error;
  if (std::filesystem::is_directory(name, error))
    return failure(Fault::configuration, fmt::format("--hostfile {}", name), "is a folder",
                   "name a readable hostfile");
  auto text = is_stdin(name) ? read_given_stdin(longest_hostfile) : read_given_file(name, longest_hostfile);
  if (!text) {
    text.error().problems.front().where = fmt::format("--hostfile {}", name);
    return tl::unexpected(std::move(text.error()));
  }
  auto hosts = parse_hostfile(*text, is_stdin(name) ? "stdin" : name);
  if (!hosts) return tl::unexpected(hosts.error());
  const std::string where = fmt::format("--hostfile {}", name);
  if (auto named = name_for_others(*hosts, ask_routes, Fault::configuration, where); !named)
    return tl::unexpected(named.error());
  return std::move(*hosts);
}

}  // namespace smlaunch
