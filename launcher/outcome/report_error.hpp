// SPDX-License-Identifier: Apache-2.0
// smlaunch's own few sentences.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/exit_codes.hpp"

namespace smlaunch {

// One line for a problem: "WHERE: WHAT; REMEDY", at most 2,000 bytes, since names come from files that may
// hold anything.
std::string to_string(const Problem& problem);
// The first twenty problems, each on a line, and how many more there are.
std::vector<std::string> render_problems(const Error& error);

// Every problem on stderr, prefixed `smlaunch: `. Returns the exit code.
int report_error(const Error& error);

}  // namespace smlaunch
