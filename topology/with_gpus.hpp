// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "topology/machine.hpp"

namespace smlaunch {

// The machine as if it had so many usable GPUs: the first of those it has, with all that is known of them;
// the others are taken away, and what is missing is added without a model or a place.
Machine with_gpus(Machine machine, int count);

}  // namespace smlaunch
