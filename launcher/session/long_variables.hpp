// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/error.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

// Writes each variable that is too long for the kernel to a file of its own under BASE. Where BASE is not
// there, only warns.
Result<void> write_long_variables(const LaunchPlan& plan);

}  // namespace smlaunch
