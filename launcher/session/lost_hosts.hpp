// SPDX-License-Identifier: Apache-2.0
// Hosts of the job that do not answer any more, or have not come to mpirun, after all were ready.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "launcher/job/job.hpp"
#include "launcher/leader/runner.hpp"
#include "launcher/options/options.hpp"
#include "launcher/remote/host_work.hpp"

namespace smlaunch {

// Asks all of them at once for their SSH banner, for three seconds at most. A frozen host takes the
// connection, but sends no banner.
class LostHosts {
 public:
  explicit LostHosts(BeginOnHosts begin_on_hosts) : begin_on_hosts_(std::move(begin_on_hosts)) {}
  void find(const Options& options, const Job& job, std::function<void(const std::vector<LostHost>&)> done);

 private:
  BeginOnHosts begin_on_hosts_;
  std::unique_ptr<HostWork> look_;  // null: none is under way
};

// Those of the other hosts that have none of these addresses. Nothing, where it cannot be told: a name is not known, or
// one of the addresses is nobody's. Takes two seconds at most.
std::vector<std::string> find_unconnected_hosts(const Job& job, const std::set<std::string>& peers);

// The same, where the addresses of each host are known.
std::vector<std::string> find_unconnected(const std::vector<std::string>& hosts,
                                          const std::vector<std::vector<std::string>>& addresses,
                                          const std::set<std::string>& peers);

}  // namespace smlaunch
