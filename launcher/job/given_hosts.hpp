// SPDX-License-Identifier: Apache-2.0
// The hosts of a job that stand on the command line.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "launcher/options/options.hpp"
#include "launcher/this_host/name_book.hpp"
#include "mpi/hostfile.hpp"

namespace smlaunch {

// Nothing: neither --hosts nor --hostfile was given, and the container names the hosts.
using GivenHostSlots = std::optional<std::vector<HostSlots>>;

// Reads --hosts or --hostfile. A hostfile may be a pipe, or "-" for stdin: it can be read only once, so the
// program calls this once and hands the value on. Errors: both were given, or one is no list of hosts
// (Fault::usage of --hosts, Fault::configuration of a hostfile).
// Hosts are called as by name_for_others().
Result<GivenHostSlots> read_given_hosts(const Options& options, NameBook& names);

// For each of the hosts whose name is known, the address of ours that it is reached from; "": it is not
// reached.
using Routes = std::vector<std::pair<std::string, std::string>>;

// Is it a name of every machine for itself: localhost, 127.0.0.1, ::1?
bool is_loopback_name(const std::string& host);

// The other hosts would look for a localhost among them in themselves: it is called by the address of ours
// that they are reached from instead. A list of this machine's names alone stays as it is. Errors
// (`fault`, at `where`): no such address is known, or this machine is named twice.
Result<void> name_for_others(std::vector<HostSlots>& hosts,
                             const std::function<Routes(const std::vector<std::string>&)>& ask_routes,
                             Fault fault, const std::string& where);

}  // namespace smlaunch
