// SPDX-License-Identifier: Apache-2.0
#include "launcher/plan/host_groups.hpp"

#include <fmt/format.h>

#include <map>
#include <utility>

namespace smlaunch {

namespace {

// What a plan shows of a host's ranks, without their numbers.
std::string places_in_words(const LaunchPlan& plan, NodeRank host, const std::vector<Rank>& ranks) {
  const Machine& machine = *plan.cluster.hosts[host].machine;
  std::string text;
  for (const Rank rank : ranks) {
    const Placement& at = *plan.layout.ranks[rank].placement;
    if (at.gpu) text += fmt::format("{} {}", at.gpu->value, machine.gpu(*at.gpu).pci);
    if (at.nic) text += fmt::format(" {} {}", machine.nic(*at.nic).name, to_string(at.nic_path));
    text += fmt::format(" {} {}\n", to_string(at.numa), to_string(at.cpus));
  }
  return text;
}

}  // namespace

std::vector<HostGroup> equal_hosts(const LaunchPlan& plan,
                                   const Indexed<NodeRank, std::vector<Rank>>& ranks) {
  std::vector<HostGroup> groups;
  // Hosts with one machine share their placements; other hosts are compared by what the plan shows of them.
  std::map<std::pair<const Placement*, std::size_t>, std::size_t> known;
  std::map<std::string, std::size_t> known_words;
  for (const NodeRank host : plan.cluster.hosts.indices()) {
    if (ranks[host].empty()) continue;
    const auto key = std::pair{plan.layout.ranks[ranks[host].front()].placement.get(), ranks[host].size()};
    auto entry = known.find(key);
    if (entry == known.end()) {
      const auto [words, is_new] =
          known_words.try_emplace(places_in_words(plan, host, ranks[host]), groups.size());
      if (is_new) groups.emplace_back();
      entry = known.emplace(key, words->second).first;
    }
    groups[entry->second].node_ranks.push_back(host);
  }
  return groups;
}

// "algo-1 to algo-3, algo-5", by the hosts' order in the plan.
std::string host_ranges(const LaunchPlan& plan, const std::vector<NodeRank>& node_ranks) {
  constexpr std::size_t most_ranges = 8;
  const auto name = [&](NodeRank host) { return plan.cluster.hosts[host].name; };
  std::string out;
  std::size_t ranges = 0;
  for (std::size_t i = 0; i < node_ranks.size(); ++i) {
    if (ranges++ == most_ranges) return out + ", \u2026";
    const std::size_t begin = i;
    while (i + 1 < node_ranks.size() && node_ranks[i + 1].value == node_ranks[i].value + 1) ++i;
    out += (out.empty() ? "" : ", ") + name(node_ranks[begin]);
    if (i > begin) out += " to " + name(node_ranks[i]);
  }
  return out;
}

std::string sources_in_words(const LaunchPlan& plan, const std::vector<NodeRank>& node_ranks) {
  std::map<TopologySource, int> counts;
  const Host* seen = nullptr;  // the last host that was probed
  for (const NodeRank node_rank : node_ranks) {
    const Host& host = plan.cluster.hosts[node_rank];
    ++counts[host.source];
    if (host.source == TopologySource::probed) seen = &host;
  }
  std::string words;
  const auto add = [&](int count, const std::string& one, const std::string& several) {
    if (count == 0) return;
    const std::string hosts = words.empty() || count > 1 ? "hosts " : "";
    words += words.empty() ? "" : ", ";
    if (count == 1)
      words += words.empty() ? one : "1 " + one;
    else
      words += fmt::format("{} {}{}", count, hosts, several);
  };
  const int probed = counts[TopologySource::probed];
  const bool is_here = seen != nullptr && seen->name == plan.current_host;
  const std::string name = seen == nullptr ? "" : is_here ? "this machine" : seen->name;
  const std::string like = probed != 1 ? "this machine" : is_here ? "it" : name;
  add(probed, fmt::format("probed ({})", name), "probed");
  add(counts[TopologySource::assumed], "assumed to be like " + like, "assumed to be like " + like);
  add(counts[TopologySource::file], "from a file", "from files");
  return words;
}

}  // namespace smlaunch
