// SPDX-License-Identifier: Apache-2.0
// One line of a rank's heartbeats: "step=120 loss=2.1 smlaunch=restart". Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "launcher/progress/progress.hpp"

namespace smlaunch {

// What stands behind it in a line is not looked at.
inline constexpr std::size_t longest_heartbeat_line = 4096;

// A finite number, inf or nan (Python's words for them, too); nothing for what is none, such as 0x10 or 1e999.
std::optional<double> parse_progress_number(std::string_view text);

// A letter or _ first, then these, digits, and . / -: at most 64 bytes.
bool is_progress_name(std::string_view text);

// Whatever the line holds is one heartbeat: words that are not NAME=NUMBER say nothing.
Progress parse_heartbeat_line(std::string_view line);

}  // namespace smlaunch
