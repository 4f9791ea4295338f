// SPDX-License-Identifier: Apache-2.0
// Agents run before ranks. On a host with fewer cores than ranks, ranks that wait by spinning can keep an
// agent from its answers for more than ten seconds. Then it would count as lost.
#pragma once

namespace smlaunch {

// Takes what the kernel allows: a real-time policy, which no child inherits (sched(7): SCHED_RESET_ON_FORK),
// else ten steps of nice. Returns our niceness before that, for the rank.
int go_before_ranks();

}  // namespace smlaunch
