// SPDX-License-Identifier: Apache-2.0
// What a process does with signals: /proc/PID/status (proc(5)).
#pragma once

#include <cstdint>
#include <string_view>

namespace smlaunch {

// Bit 0 is signal 1.
struct SignalMasks {
  std::uint64_t caught = 0;
  std::uint64_t blocked = 0;  // in its first thread
};

// Zeros for lines that are not there.
SignalMasks parse_signal_masks(std::string_view proc_status);
SignalMasks read_signal_masks(int pid);

// False for a number that is no signal.
bool has_signal(std::uint64_t mask, int signal);

}  // namespace smlaunch
