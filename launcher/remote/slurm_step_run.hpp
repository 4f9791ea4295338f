// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "launcher/remote/host_work.hpp"

namespace smlaunch {

// begin_on_hosts() where srun reaches the hosts: one step for all of them. A host that has not answered when
// the step is over will not answer at all.
std::unique_ptr<HostWork> begin_slurm_step(AsioLoop& loop, RemoteRequest request, TakeReport done);

}  // namespace smlaunch
