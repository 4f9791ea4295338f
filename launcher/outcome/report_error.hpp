// SPDX-License-Identifier: Apache-2.0
// smlaunch's own few sentences.
#pragma once

#include <string>

#include "base/error.hpp"

namespace smlaunch {

// The exit code of an error.
int exit_code_of(Fault fault);

// One line a problem: "WHERE: WHAT; REMEDY".
std::string to_string(const Problem& problem);

// Every problem on stderr, prefixed `smlaunch: `. Returns the exit code.
int report_error(const Error& error);

}  // namespace smlaunch
