// SPDX-License-Identifier: Apache-2.0
// smlaunch's own few sentences.
#pragma once

#include <string>

#include "base/error.hpp"
#include "base/exit_codes.hpp"

namespace smlaunch {

// One line a problem: "WHERE: WHAT; REMEDY".
std::string to_string(const Problem& problem);

// Every problem on stderr, prefixed `smlaunch: `. Returns the exit code.
int report_error(const Error& error);

}  // namespace smlaunch
