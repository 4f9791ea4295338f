// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/remote/run_on_hosts.hpp"

namespace smlaunch {

// run_on_hosts() where srun reaches the hosts: one step for all of them. A host that has not answered when
// the step is over will not answer at all.
RemoteReport run_slurm_step(const RemoteRequest& request);

}  // namespace smlaunch
