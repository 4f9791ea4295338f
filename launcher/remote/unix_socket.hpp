// SPDX-License-Identifier: Apache-2.0
// Unix sockets that are known by their paths, as ssh's control sockets are, and descriptors that go over them (unix(7)).
#pragma once

#include <sys/types.h>

#include <span>
#include <string>

#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

// Non-blocking. Not valid: nobody listens there, or the queue is full, or the path is too long for an address.
UniqueFd connect_to_path(const std::string& path);

inline constexpr std::size_t most_passed_files = 3;

// One byte, and with it at most most_passed_files descriptors. Returns what sendmsg(2) does, errno too.
ssize_t send_files(int socket, char byte, std::span<const int> files, int flags);
// The next byte with just as many descriptors as there is room for. False: something else has come, or nothing.
bool receive_files(int socket, std::span<UniqueFd> files);

}  // namespace smlaunch
