// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

// The whole of a small file such as those of /proc and /sys; empty where it cannot be read.
std::string read_small_file(const std::string& path);

// The whole of a file that a user has named, which may be a pipe. Errors (Fault::configuration): it cannot be
// read, it is longer than `most` bytes.
Result<std::string> read_given_file(const std::string& path, std::size_t most);

// The same for stdin, read by its descriptor: /dev/stdin cannot be opened where stdin is a socket.
Result<std::string> read_given_stdin(std::size_t most);

}  // namespace smlaunch
