// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

// The whole of a small file such as those of /proc and /sys; empty where it cannot be read. Whatever stands
// in its place is neither waited for nor read beyond 64 MiB.
std::string read_small_file(const std::string& path);

// How long a pipe that a user has named may say nothing.
inline constexpr std::chrono::milliseconds longest_pipe_silence{10000};

// The whole of a file that a user has named, which may be a pipe. Errors (Fault::configuration): it cannot be
// read, it is a device, it is longer than `most` bytes, it is a pipe and nothing comes for `silence`.
Result<std::string> read_given_file(const std::string& path, std::size_t most,
                                    std::chrono::milliseconds silence = longest_pipe_silence);

// The same of stdin, by its descriptor: where it is a socket, /dev/stdin cannot be opened. It may be
// somebody who types, and is waited for.
Result<std::string> read_given_stdin(std::size_t most);

}  // namespace smlaunch
