// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a connection to the leader.
#pragma once

#include <compare>

#include "topology/ranks.hpp"

namespace smlaunch {

// A rank's agent has its rank's number, the smlaunch of a host the number of ranks plus its node rank.
struct Peer {
  int value = 0;
  auto operator<=>(const Peer&) const = default;
};

inline Peer peer_of(Rank rank) { return {rank.value}; }
inline Rank rank_of(Peer agent) { return {agent.value}; }

}  // namespace smlaunch
