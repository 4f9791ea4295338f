// SPDX-License-Identifier: Apache-2.0
// Hosts that are not to be used: --exclude, --exclude-file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "mpi/hostfile.hpp"

namespace smlaunch {

// Hosts as in a hostfile; a file that names none is fine. Errors: those of parse_hostfile().
Result<std::vector<std::string>> parse_excluded_file(std::string_view text, std::string_view file);

// Takes those out of `hosts` that `excluded` names, whatever the case; a name without a domain stands for the
// host in any domain. Returns the names that it took out.
std::vector<std::string> take_out_hosts(std::vector<HostSlots>& hosts,
                                        const std::vector<std::string>& excluded);

}  // namespace smlaunch
