// SPDX-License-Identifier: Apache-2.0
// The words of a login that waits: the readiness login of a host stays open once it has answered, and runs the command by
// which mpirun starts its daemon there. So a host needs one session instead of two. Here is what goes over it.
//
// To the host: the login's input behind a line that tells its length; later the command in the same way. From the host:
// the answer, and `waits` as its last line; later what the command prints.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

inline constexpr std::size_t longest_waiting_input = 60'000;  // bytes; a socket of Linux takes them at once
inline constexpr std::size_t longest_waiting_line = 32;       // bytes, with the line feed

// Each costs the leader a process and some descriptors. Where there are more hosts, mpirun logs in to the others itself.
inline constexpr std::size_t most_logins_that_wait = 64;
std::size_t files_of_waiting_logins(std::size_t hosts);

// "waiting LENGTH\n" and the text.
std::string frame_waiting(std::string_view text);
// The length that this line tells, without its line feed. Nothing: it is no such line, or tells more than
// longest_waiting_input.
std::optional<std::size_t> parse_waiting_line(std::string_view line);

// Where the leader is asked for a login: a socket's name in the folder of the SSH connections.
inline constexpr const char* waiting_socket_name = "logins";

// What the host says behind its answer, and whether these are its last words so far.
inline constexpr std::string_view waits_line = "waits\n";
bool says_it_waits(std::string_view output);

}  // namespace smlaunch
