// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/restart.hpp"

#include <algorithm>

namespace smlaunch {

bool counts_as_restart(const Outcome& outcome) { return outcome.failure_class != FailureClass::not_ready; }

bool is_tried_again(const Outcome& outcome, const RestartPolicy& policy) {
  if (outcome.kind != OutcomeKind::failure || outcome.stop_was_asked) return false;
  switch (outcome.failure_class) {
    case FailureClass::user_code:
    case FailureClass::lost_host:
    case FailureClass::start:
    case FailureClass::smoke: return policy.restarts < policy.max_restarts;
    case FailureClass::not_ready:
      return !outcome.hosts_at_fault.empty() && outcome.hosts_at_fault.size() <= policy.spare_hosts;
    case FailureClass::none:
    case FailureClass::configuration:
    case FailureClass::internal:
    case FailureClass::install_module:
    case FailureClass::install_requirements: return false;
  }
  return false;
}

std::vector<Replacement> replace_hosts(Cluster& cluster, std::vector<std::string>& spares,
                                       const std::vector<std::string>& at_fault, const std::string& kept) {
  // A spare host that is not there either is of no use.
  std::erase_if(spares, [&](const std::string& spare) {
    return std::find(at_fault.begin(), at_fault.end(), spare) != at_fault.end();
  });
  std::vector<Replacement> replaced;
  for (Host& host : cluster.hosts) {
    if (spares.empty()) break;
    if (host.name == kept || std::find(at_fault.begin(), at_fault.end(), host.name) == at_fault.end())
      continue;
    replaced.push_back({host.name, spares.front()});
    host.name = spares.front();
    if (host.source == TopologySource::probed) host.source = TopologySource::assumed;
    spares.erase(spares.begin());
  }
  return replaced;
}

}  // namespace smlaunch
