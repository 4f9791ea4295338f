// SPDX-License-Identifier: Apache-2.0
#include "launcher/session/lost_hosts.hpp"

#include <chrono>

#include "launcher/remote/ready.hpp"
#include "launcher/session/other_hosts.hpp"

namespace smlaunch {

std::vector<LostHost> find_lost_hosts(const Options& options, const Job& job) {
  ReadyRequest request = make_ready_request(options, job, "", {});
  request.spare_hosts.clear();
  request.until = ReadyStage::banner;
  request.timeout = std::chrono::milliseconds(3000);
  request.connect_timeout = request.banner_timeout = std::chrono::milliseconds(2500);
  std::vector<LostHost> lost;
  for (const HostReadiness& host : wait_ready(request).hosts)
    if (host.state != ReadyState::ready) lost.push_back({host.name, host.cause});
  return lost;
}

}  // namespace smlaunch
