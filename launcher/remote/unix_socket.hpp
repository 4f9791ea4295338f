// SPDX-License-Identifier: Apache-2.0
// A Unix socket by its path, as ssh's control sockets are.
#pragma once

#include <string>

#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// Non-blocking. Not valid: nobody listens there, or the queue is full, or the path is too long for an address.
UniqueFd connect_to_path(const std::string& path);

}  // namespace smlaunch
