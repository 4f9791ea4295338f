// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/svg_canvas.hpp"

namespace smlaunch {

inline constexpr int device_height = 24;

// A device: its name, what else is known of it, what it is used for. Of what is known, as much as there is
// room for; only the first of it may be cut.
void draw_device_row(Canvas& canvas, std::pair<int, int> corner, int width, const char* fill,
                     const std::string& name, const std::vector<std::string>& facts, const std::string& note);

}  // namespace smlaunch
