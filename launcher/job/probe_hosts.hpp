// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/job/facts.hpp"
#include "launcher/options/options.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// Asks every host over SSH what it is, all at once. Errors name the hosts that do not answer within a minute
// (or --ready-timeout where that is shorter), and why.
Result<MachinesByHost> probe_hosts(const Options& options, const std::vector<std::string>& hosts);

// What a host answered: "smlaunch VERSION", then the JSON of its machine.
Result<Machine> parse_host_answer(const std::string& host, const std::string& answer);

}  // namespace smlaunch
