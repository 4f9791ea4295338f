// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// "a, b, c": hosts in a sentence. Where there are more than six, the first six and "and 10 more".
std::string join_names(const std::vector<std::string>& names);

}  // namespace smlaunch
