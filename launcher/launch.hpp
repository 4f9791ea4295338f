// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// The whole program. Returns its exit code.
int run_smlaunch(const std::vector<std::string>& arguments);

}  // namespace smlaunch
