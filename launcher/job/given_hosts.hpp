// SPDX-License-Identifier: Apache-2.0
// The hosts of a job that stand on the command line.
#pragma once

#include <optional>
#include <vector>

#include "base/error.hpp"
#include "launcher/options/options.hpp"
#include "mpi/hostfile.hpp"

namespace smlaunch {

// Nothing: neither --hosts nor --hostfile was given, and the container names the hosts.
using GivenHostSlots = std::optional<std::vector<HostSlots>>;

// Reads --hosts or --hostfile. A hostfile may be a pipe, or "-" for stdin: it can be read only once, so the
// program calls this once and hands the value on. Errors: both were given, or one is no list of hosts
// (Fault::usage of --hosts, Fault::configuration of a hostfile).
Result<GivenHostSlots> read_given_hosts(const Options& options);

}  // namespace smlaunch
