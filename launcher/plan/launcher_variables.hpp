// SPDX-License-Identifier: Apache-2.0
// What the toolkit sets by instance type and by launcher beside SM_*: for EFA, and for AWS's SMDDP library.
#pragma once

#include "launcher/plan/plan.hpp"

namespace smlaunch {

// For the network adapters that the toolkit's table gives to the hosts' instance types
// (contract/efa_instances.hpp): set where all hosts have them.
Variables efa_variables(LauncherKind launcher, const Cluster& cluster);

// SMDATAPARALLEL_* and what goes with them (sagemaker_training/smdataparallel.py).
Variables smddp_variables(const Cluster& cluster);

}  // namespace smlaunch
