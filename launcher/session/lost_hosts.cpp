// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/lost_hosts.hpp"

#include <algorithm>
#include <chrono>

#include "launcher/session/other_hosts.hpp"
#include "launcher/this_host/own_host.hpp"

namespace smlaunch {

void LostHosts::find(const Options& options, const Job& job,
                     std::function<void(const std::vector<LostHost>&)> done) {
  constexpr std::chrono::milliseconds bound{3000};
  constexpr std::chrono::milliseconds host_bound{2500};
  look_ = begin_on_hosts_({.hosts = names_of_hosts(job),
                           .by_slurm = job.spec.by_slurm,
                           .own_host = job.environment->current_host,
                           .port = options.ssh_port,
                           .until = ReadyStage::banner,
                           .timeout = bound,
                           .connect_timeout = host_bound,
                           .banner_timeout = host_bound},
                          [this, done = std::move(done)](const RemoteReport& report) {
                            look_.reset();
                            std::vector<LostHost> lost;
                            for (const HostReadiness& host : report.hosts)
                              if (host.state != ReadyState::ready)
                                lost.push_back({host.name, to_string(host.cause)});
                            done(lost);
                          });
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
  NameBook names(std::chrono::seconds(2));
  return find_unconnected(others, probe_addresses(others, names), peers);
}

}  // namespace smlaunch
