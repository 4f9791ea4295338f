// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

namespace smlaunch {

// For a host where no SSH server can be started: listens where the leader looks for one, and says `why`, one line, to
// all who come. So the leader need not wait for the end of its patience. Returns five seconds after the first of them, at
// a stop signal, or after `longest`; at once where nothing can listen there.
void refuse_leader(int port, const std::string& why, std::chrono::milliseconds longest);

}  // namespace smlaunch
