// SPDX-License-Identifier: Apache-2.0
// How many logins and connections at once: what is asked for, as far as this process may open files.
#pragma once

#include <cstddef>

#include "launcher/process/file_limit.hpp"
#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

// Files that all hosts at once would need.
std::size_t wanted_files(const RemoteRequest& request);

// At least one each.
std::size_t most_logins(const RemoteRequest& request, const FileLimit& files);
std::size_t most_connections(const RemoteRequest& request, const FileLimit& files);

}  // namespace smlaunch
