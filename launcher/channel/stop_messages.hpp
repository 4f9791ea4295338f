// SPDX-License-Identifier: Apache-2.0
// What leader and agents say to each other of signals and of the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/process/left_process.hpp"

namespace smlaunch {

// A signal that stops no rank for good: SIGUSR1, SIGUSR2, SIGSTOP, SIGCONT. Told again on a new connection,
// it is taken once.
struct PassedSignal {
  std::uint64_t number = 0;  // counts from 1
  int signal = 0;
};

// Leave: what the rank has left running may go on for the first time, and has the second from SIGTERM to
// SIGKILL.
struct Release {
  std::int64_t leftover_milliseconds = 0;
  std::int64_t grace_milliseconds = 0;
  bool ends_daemon = false;  // a daemon of mpirun's that has started the agent is to end with it
};

// What a rank had left running, and what has been told to end now.
struct LeftRunning {
  std::vector<LeftProcess> processes;
};

std::string encode(const PassedSignal&);
std::string encode(const Release&);
std::string encode(const LeftRunning&);

// Nothing for text that is not such a message.
std::optional<PassedSignal> decode_passed_signal(std::string_view text);
std::optional<Release> decode_release(std::string_view text);
std::optional<LeftRunning> decode_left_running(std::string_view text);

}  // namespace smlaunch
