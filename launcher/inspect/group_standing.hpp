// SPDX-License-Identifier: Apache-2.0
// How far a rank has come in a process group of torch.distributed, by what it tells. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/inspect/rank_told.hpp"

namespace smlaunch {

// One collective as one rank sees it.
struct SeenCollective {
  std::uint64_t sequence = 0;
  std::string op = {};
  std::string sizes = {};  // empty: none, or not known
};

struct GroupStanding {
  std::optional<std::uint64_t> begun = {};   // the last collective that it has come to; nothing: not known
  std::optional<SeenCollective> waits = {};  // the first that it has come to and that has not ended
  std::optional<std::uint64_t> ended = {};   // the last before that
  std::vector<SeenCollective> seen = {};     // those that are known in more than their number

  [[nodiscard]] const SeenCollective* find(std::uint64_t sequence) const;
};

// By the flight recorder where it knows the group, otherwise by the group's own count and the call that one of the
// rank's threads is in.
GroupStanding stand_in_group(const RankTold& told, const ToldGroup& group);

// Send or recv that one of its threads is in.
const ToldCall* find_peer_call(const RankTold& told);

// Do ranks meet in this function before there is a group to count in? init_process_group, new_group.
bool is_meeting_op(std::string_view op);
// A call of such a function.
const ToldCall* find_meeting_call(const RankTold& told);

}  // namespace smlaunch
