// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/lost_hosts.hpp"

#include <algorithm>
#include <chrono>

#include "launcher/remote/run_on_hosts.hpp"
#include "launcher/session/other_hosts.hpp"
#include "launcher/this_host/own_host.hpp"

namespace smlaunch {

std::vector<LostHost> find_lost_hosts(const Options& options, const Job& job) {
  constexpr std::chrono::milliseconds bound{3000};
  constexpr std::chrono::milliseconds host_bound{2500};
  const RemoteRequest request{.hosts = names_of_hosts(job),
                              .by_slurm = job.spec.by_slurm,
                              .own_host = job.environment->current_host,
                              .port = options.ssh_port,
                              .until = ReadyStage::banner,
                              .timeout = bound,
                              .connect_timeout = host_bound,
                              .banner_timeout = host_bound};
  std::vector<LostHost> lost;
  for (const HostReadiness& host : run_on_hosts(request).hosts)
    if (host.state != ReadyState::ready) lost.push_back({host.name, to_string(host.cause)});
  return lost;
}

std::vector<std::string> find_unconnected(const std::vector<std::string>& hosts,
                                          const std::vector<std::vector<std::string>>& addresses,
                                          const std::set<std::string>& peers) {
  std::vector<std::string> unconnected;
  std::set<std::string> nobodys = peers;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    if (addresses[i].empty()) return {};
    const bool is_there = std::any_of(addresses[i].begin(), addresses[i].end(),
                                      [&](const std::string& each) { return peers.contains(each); });
    if (!is_there) unconnected.push_back(hosts[i]);
    for (const std::string& each : addresses[i]) nobodys.erase(each);
  }
  return nobodys.empty() ? unconnected : std::vector<std::string>();
}

std::vector<std::string> find_unconnected_hosts(const Job& job, const std::set<std::string>& peers) {
  std::vector<std::string> others = names_of_hosts(job);
  std::erase(others, job.environment->current_host);
  return find_unconnected(others, probe_addresses(others), peers);
}

}  // namespace smlaunch
