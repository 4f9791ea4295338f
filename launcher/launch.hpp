// SPDX-License-Identifier: Apache-2.0
// The room launcher: main as a table of contents: which command does what. It promises an exit code of
// smlaunch for whatever happens, and touches nothing by itself.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// The whole program, by its command line, the program's name first. Returns its exit code.
int run_smlaunch(const std::vector<std::string>& command_line);

}  // namespace smlaunch
