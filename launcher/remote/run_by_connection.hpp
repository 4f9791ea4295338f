// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// `smlaunch worker --ssh WORDS...`: what mpirun starts instead of ssh, with ssh's words, where readiness's logins have left
// their connections open. The command runs in the login that waits on the host (use_waiting_login.hpp), or in a new session
// over the open connection, which costs a fraction of ssh's own start; where there is neither, or it takes no command, this
// process becomes ssh. Signals end this process as they end ssh, and the end
// of this process ends the session. Returns the exit code.
inline constexpr const char* ssh_argument = "--ssh";
int run_by_connection(const std::vector<std::string>& words);

}  // namespace smlaunch
