// SPDX-License-Identifier: Apache-2.0
// What agents tell the leader of their ranks' progress.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/progress/progress.hpp"

namespace smlaunch {

struct ProgressReport {
  std::uint64_t time_ns = 0;  // when it was read, by the agent's steady clock
  Progress progress = {};
};

// What an inspect frame wants to know of a rank. `look`: the rank goes on; nothing is asked of it, and no signal is
// sent. `look_closely`: its native stacks are taken besides, as they are where a rank is asked. `ask_nccl`: its NCCL is
// asked, too.
enum class Inspection { look, look_closely, ask, ask_nccl };
std::string encode(Inspection how);
Inspection decode_inspection(std::string_view text);

std::string encode(const ProgressReport&);

// Nothing for text that is no such message, or tells more values, or other names, than a rank may have.
std::optional<ProgressReport> decode_progress(std::string_view text);

}  // namespace smlaunch
