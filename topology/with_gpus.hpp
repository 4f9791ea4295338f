// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "topology/machine.hpp"

namespace smlaunch {

// The machine as if it had `count` usable GPUs. The first of its usable GPUs stay, with all that is known of
// them, and the others are removed. Missing GPUs are added without a model or a place.
Machine with_gpus(Machine machine, int count);

}  // namespace smlaunch
