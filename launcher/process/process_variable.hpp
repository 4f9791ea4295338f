// SPDX-License-Identifier: Apache-2.0
// A variable of another process's environment, as that process was started with it (/proc/PID/environ, proc(5)).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

// `environment`: NAME=VALUE, each with a zero byte behind it. The first of several counts, as for getenv(3).
std::optional<std::string_view> find_variable(std::string_view environment, std::string_view name);

// Nothing, too, when the process is gone, is ending, or is another user's.
std::optional<std::string> read_process_variable(int pid, std::string_view name);

}  // namespace smlaunch
