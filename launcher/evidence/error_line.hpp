// SPDX-License-Identifier: Apache-2.0
// Lines that tell of an error, by their form or by their words.
#pragma once

#include <string_view>

namespace smlaunch {

// A line of a log or of a tool that calls itself an error: "FATAL: …", "[ERROR] …", "Error: …", "level=error",
// "… | CRITICAL | …", "cc: error: …", "ValueError: …", "syntax error near …".
bool is_error_line(std::string_view line);

// Any words of people who could not go on: an error, something missing, invalid, not found.
bool reads_like_error(std::string_view line);
bool complains(std::string_view line);

}  // namespace smlaunch
