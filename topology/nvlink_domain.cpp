// SPDX-License-Identifier: Apache-2.0
#include "topology/nvlink_domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace smlaunch {

namespace {

constexpr std::size_t cluster_digits = 32;

std::set<NvlinkDomain> told_domains(const Machine& machine) {
  std::set<NvlinkDomain> told;
  for (const Gpu& gpu : machine.gpus)
    if (gpu.usable && gpu.domain) told.insert(*gpu.domain);
  return told;
}

}  // namespace

std::string to_string(const NvlinkDomain& domain) {
  return fmt::format("{}/{}", domain.cluster, domain.clique);
}

bool is_nvlink_cluster(std::string_view text) {
  return text.size() == cluster_digits && text.find_first_not_of("0123456789abcdef") == text.npos &&
         text.find_first_not_of('0') != text.npos;
}

std::optional<NvlinkDomain> parse_nvlink_domain(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view clique = text.substr(std::min(slash + 1, text.size()));
  NvlinkDomain domain{.cluster = std::string(text.substr(0, slash)), .clique = 0};
  const char* end = clique.data() + clique.size();
  const auto [stopped, error] = std::from_chars(clique.data(), end, domain.clique);
  if (!is_nvlink_cluster(domain.cluster) || error != std::errc() || stopped != end) return {};
  return domain;
}

std::optional<NvlinkDomain> domain_of(const Machine& machine) {
  const auto told = told_domains(machine);
  return told.size() == 1 ? std::optional(*told.begin()) : std::nullopt;
}

bool has_several_domains(const Machine& machine) { return told_domains(machine).size() > 1; }

std::vector<std::size_t> order_by_domain(const std::vector<std::optional<NvlinkDomain>>& domains) {
  std::map<NvlinkDomain, std::size_t> first;  // the host that brings the domain's hosts with it
  std::vector<std::size_t> turns(domains.size());
  std::vector<std::size_t> order(domains.size());
  for (std::size_t i = 0; i < domains.size(); ++i) {
    order[i] = i;
    turns[i] = domains[i] ? first.emplace(*domains[i], i).first->second : i;
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return turns[a] < turns[b]; });
  return order;
}

}  // namespace smlaunch
