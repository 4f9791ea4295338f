// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace smlaunch {

// The whole of a small file such as those of /proc and /sys; empty where it cannot be read.
std::string read_small_file(const std::string& path);

}  // namespace smlaunch
