// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/lost_hosts.hpp"

#include <chrono>

#include "launcher/remote/run_on_hosts.hpp"
#include "launcher/session/other_hosts.hpp"

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

}  // namespace smlaunch
