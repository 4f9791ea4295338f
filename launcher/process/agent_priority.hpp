// SPDX-License-Identifier: Apache-2.0
// Agents go before ranks. Ranks that wait by spinning, on a host with fewer cores than they are, can keep an
// agent from its answers for more than ten seconds, and then it counts as lost.
#pragma once

namespace smlaunch {

// As far as the kernel lets us: a real-time policy, which no child inherits (sched(7): SCHED_RESET_ON_FORK),
// else ten steps of nice. Returns the niceness that was ours, for the rank.
int go_before_ranks();

}  // namespace smlaunch
