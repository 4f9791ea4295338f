// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/node_rules.hpp"

#include <fmt/format.h>

namespace smlaunch {

std::optional<Refusal> refuse_node(const Hello& hello, int nodes, const NodePlace& place) {
  const int rank = *hello.node_rank;
  if (hello.version != SMLAUNCH_VERSION)
    return Refusal{.reason = fmt::format("{}, node rank {}, runs smlaunch {}, and this is {}", hello.host,
                                         rank, hello.version, SMLAUNCH_VERSION),
                   .why = TurnedAway::other_version};
  if (hello.nodes && *hello.nodes != nodes)
    return Refusal{
        .reason = fmt::format("{}, node rank {}, was started for a job of {} hosts, and this one has {}",
                              hello.host, rank, *hello.nodes, nodes),
        .why = TurnedAway::other_size};
  if (rank >= nodes)
    return Refusal{.reason = fmt::format("{} says that it is node rank {}, and the job has {} hosts",
                                         hello.host, rank, nodes),
                   .why = TurnedAway::no_such_node};
  if (place.was_refused)
    return Refusal{.reason = fmt::format("{}, node rank {}, has sent what it may not", place.host, rank),
                   .why = TurnedAway::misbehaved};
  // Its connection may be that of a host that is gone, and is not missed yet.
  if (place.is_connected && place.instance != hello.instance)
    return Refusal{.reason = fmt::format("{} says that it is node rank {}, and so does {}", hello.host, rank,
                                         place.host),
                   .may_pass = true,
                   .why = TurnedAway::node_is_taken};
  return {};
}

}  // namespace smlaunch
