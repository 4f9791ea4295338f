// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// Two digits a byte, lower case.
std::string to_hex(std::string_view raw);

}  // namespace smlaunch
