// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/svg_canvas.hpp"

namespace smlaunch {

inline constexpr int device_height = 24;

// Draws a device: its name, `facts` about it, and `note`, which says who uses it. As many facts are shown as
// there is room for; only the first fact may be cut.
void draw_device_row(Canvas& canvas, std::pair<int, int> corner, int width, const char* fill,
                     const std::string& name, const std::vector<std::string>& facts, const std::string& note);

}  // namespace smlaunch
