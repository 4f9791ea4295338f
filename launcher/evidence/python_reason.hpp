// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/evidence/reason.hpp"

namespace smlaunch {

// The exception that ended a Python program, in lines without colours and prefixes: "RuntimeError: no data;
// caused by FileNotFoundError: …". With the place where the exception has no message, and with the exception
// of a worker process.
std::optional<Reason> find_python_reason(const std::vector<std::string>& lines);

}  // namespace smlaunch
