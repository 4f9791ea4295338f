// SPDX-License-Identifier: Apache-2.0
// How near GPUs and NICs are to each other, as a coloured table.
#pragma once

#include "base/svg_canvas.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// The upper left corner is at (`left`, `top`). Below the table its words are explained, in lines of at least
// `width`. Nothing for a machine without GPUs. The drawing's width counts from 0, its height from `top`.
Drawing draw_nearness_table(const Machine& machine, int left, int top, int width);

}  // namespace smlaunch
