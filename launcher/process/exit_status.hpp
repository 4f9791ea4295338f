// SPDX-License-Identifier: Apache-2.0
// How a process ended, as a value: never an int.
#pragma once

#include <string>
#include <variant>

namespace smlaunch {

struct Exited {
  int code = 0;
  bool operator==(const Exited&) const = default;
};
struct Signaled {
  int signal = 0;
  bool core_dumped = false;
  bool operator==(const Signaled&) const = default;
};
using ExitStatus = std::variant<Exited, Signaled>;

// From waitpid's status, of a process that has ended.
ExitStatus decode_wait_status(int status);

bool succeeded(const ExitStatus& status);

// An exit code is one byte; the kernel counts its signals from 1.
inline constexpr int most_exit_code = 255;
inline constexpr int most_signal = 64;

// The code a shell would report: the exit code, or 128 + signal.
int shell_code(const ExitStatus& status);

// "exited with code 3", "was killed by signal 9 (SIGKILL)", "was killed by signal 11 (SIGSEGV) and dumped
// core".
std::string to_string(const ExitStatus& status);

// "SIGTERM"; "signal 70" for one without a name.
std::string signal_name(int signal);

}  // namespace smlaunch
