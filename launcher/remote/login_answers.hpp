// SPDX-License-Identifier: Apache-2.0
// What `smlaunch worker` says about its host on stdout, when the leader has logged in there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

inline constexpr const char* no_daemon_answer = "no daemon";
inline constexpr const char* no_worker_answer = "no worker";
// How the lines begin about what the daemon needs (daemon_needs.hpp): "shell: bash", "folder: /tmp …",
// "noexec: /tmp", "daemon: was killed …".
inline constexpr const char* shell_answer = "shell: ";
inline constexpr const char* folder_answer = "folder: ";
inline constexpr const char* noexec_answer = "noexec: ";
inline constexpr const char* daemon_answer = "daemon: ";

// The beginning of a line about an interface that cannot carry the job: "interface: 0|is down|eth1, eth2".
// Its parts: the number of the interface among those that were asked about, why, and which interfaces could.
inline constexpr const char* interface_answer = "interface: ";

// What `smlaunch worker --interface PATTERN …` said about one of the patterns.
struct InterfaceAnswer {
  std::size_t wanted = 0;  // which pattern, in the order of the command line
  std::string problem;
  std::string usable;  // what could be used instead
  bool operator==(const InterfaceAnswer&) const = default;
};
std::vector<InterfaceAnswer> parse_interface_answers(std::string_view answer);

// What follows `begin` in the first line of the answer that begins so; empty where none does.
std::string line_of_answer(std::string_view answer, std::string_view begin);

}  // namespace smlaunch
