// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/silent_links.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace smlaunch {

namespace {

constexpr std::size_t most_hosts_named = 8;
constexpr std::size_t most_links_named = 3;

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

// Address -> its host; nothing where several hosts have it, as that of a bridge for containers.
std::map<std::string, std::optional<std::string>> find_owners(const std::vector<RankLook>& looks) {
  std::map<std::string, std::optional<std::string>> owners;
  for (const RankLook& look : looks) {
    if (!look.state) continue;
    for (const ProcessState& process : look.state->processes)
      for (const std::string& address : process.addresses) {
        const auto [known, is_new] = owners.emplace(address, look.host);
        if (!is_new && known->second != look.host) known->second.reset();
      }
  }
  return owners;
}

const std::string& other_end(const SilentLink& link, const std::string& host) {
  return link.one == host ? link.other : link.one;
}

// Of several links.
std::optional<std::string> find_common_host(const std::vector<SilentLink>& links) {
  if (links.size() < 2) return {};
  for (const std::string& host : {links.front().one, links.front().other})
    if (std::all_of(links.begin(), links.end(),
                    [&](const SilentLink& each) { return each.one == host || each.other == host; }))
      return host;
  return {};
}

std::string name_hosts(std::vector<std::string> hosts) {
  const std::size_t more = hosts.size() > most_hosts_named ? hosts.size() - most_hosts_named : 0;
  hosts.resize(hosts.size() - more);
  return fmt::format("{}{}", fmt::join(hosts, ", "), more == 0 ? "" : fmt::format(" and {} more", more));
}

std::string name_link(const SilentLink& link) {
  return link.one == link.other ? "the ranks of " + link.one : link.one + " and " + link.other;
}

std::string name_links(const std::vector<SilentLink>& links) {
  if (const auto common = find_common_host(links)) {
    std::vector<std::string> others;
    for (const SilentLink& each : links) others.push_back(other_end(each, *common));
    return *common + " and " + name_hosts(std::move(others));
  }
  std::string text;
  for (std::size_t i = 0; i < links.size() && i < most_links_named; ++i)
    text += (i == 0 ? "" : ", between ") + name_link(links[i]);
  const std::size_t more = links.size() - std::min(links.size(), most_links_named);
  if (more > 0) text += fmt::format(", and between {} more pair{} of hosts", more, more == 1 ? "" : "s");
  return text;
}

}  // namespace

std::vector<SilentLink> find_silent_links(const std::vector<RankLook>& looks) {
  const auto owners = find_owners(looks);
  std::map<std::pair<std::string, std::string>, double> found;
  for (const RankLook& look : looks) {
    if (!look.state) continue;
    for (const ProcessState& process : look.state->processes)
      for (const UnansweredPeer& peer : process.unanswered) {
        const auto owner = owners.find(peer.address);
        if (is_loopback(peer.address) || owner == owners.end() || !owner->second) continue;
        double& seconds = found[std::minmax(look.host, *owner->second)];
        seconds = std::max(seconds, static_cast<double>(peer.milliseconds) / 1000);
      }
  }
  std::vector<SilentLink> links;
  for (const auto& [hosts, seconds] : found)
    links.push_back({.one = hosts.first, .other = hosts.second, .seconds = seconds});
  return links;
}

std::vector<std::string> find_suspects(const std::vector<SilentLink>& links) {
  if (const auto common = find_common_host(links)) return {*common};
  if (links.size() != 1) return {};
  const SilentLink& link = links.front();
  if (link.one == link.other) return {link.one};
  return {link.one, link.other};
}

std::string describe_silent_links(const std::vector<SilentLink>& links) {
  if (links.empty()) return "";
  const auto least =
      std::min_element(links.begin(), links.end(),
                       [](const SilentLink& a, const SilentLink& b) { return a.seconds < b.seconds; });
  return fmt::format("what is sent between {} has not been acknowledged for {:.0f} s", name_links(links),
                     least->seconds);
}

}  // namespace smlaunch
