// SPDX-License-Identifier: Apache-2.0
// The side of mpirun's starter of a host: it runs its command in the login that waits there (waiting_logins.hpp).
#pragma once

#include <optional>
#include <string>

namespace smlaunch {

// Runs `command` on the host, with what it prints on our stdout and stderr; its stdin ends at once. `folder`: of the SSH
// connections. Returns ssh's exit code: the command's, or 255 where the connection was lost. Nothing: no login waits for
// this host, and nothing has been run.
std::optional<int> run_in_waiting_login(const std::string& folder, const std::string& host,
                                        const std::string& command);

}  // namespace smlaunch
