// SPDX-License-Identifier: Apache-2.0
// What `smlaunch worker` says on the stdout of the leader's login about its host.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

inline constexpr const char* no_daemon_answer = "no daemon";
inline constexpr const char* no_worker_answer = "no worker";
// How the lines begin about what the daemon needs (daemon_needs.hpp): "shell: bash", "folder: /tmp …".
inline constexpr const char* shell_answer = "shell: ";
inline constexpr const char* folder_answer = "folder: ";

// How its line about an interface that cannot carry the job begins: "interface: 0|is down|eth1, eth2": which
// of those it was asked about, why, and which could.
inline constexpr const char* interface_answer = "interface: ";

// What `smlaunch worker --interface PATTERN …` said of one of them.
struct InterfaceAnswer {
  std::size_t wanted = 0;  // which, in the order they were given
  std::string problem;
  std::string usable;  // what could be used instead
  bool operator==(const InterfaceAnswer&) const = default;
};
std::vector<InterfaceAnswer> parse_interface_answers(std::string_view answer);

// What follows `begin` in the first line of the answer that begins so; empty where none does.
std::string line_of_answer(std::string_view answer, std::string_view begin);

}  // namespace smlaunch
