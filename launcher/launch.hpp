// SPDX-License-Identifier: Apache-2.0
// The room launcher: main as a table of contents: which command does what. It promises an exit code of
// smlaunch for whatever happens. It touches stdout, and the files of a run that `report` reads and writes.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// The whole program, by its command line, the program's name first. Returns its exit code.
int run_smlaunch(const std::vector<std::string>& command_line);

}  // namespace smlaunch
