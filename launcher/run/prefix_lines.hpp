// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// `prefix` before each of `lines`, every one of which ends with \n.
std::string prefix_lines(std::string_view prefix, std::string_view lines);

}  // namespace smlaunch
