// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/group_standing.hpp"

#include <algorithm>
#include <array>

namespace smlaunch {

namespace {

constexpr std::array<std::string_view, 5> peer_ops = {"send", "recv", "isend", "irecv", "batch_isend_irecv"};
constexpr std::array<std::string_view, 5> meeting_ops = {"init_process_group", "new_group", "new_subgroups",
                                                         "new_subgroups_by_enumeration", "split_group"};

template <std::size_t Count>
bool is_one_of(std::string_view op, const std::array<std::string_view, Count>& ops) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

template <class Matches>
const ToldCall* find_call(const RankTold& told, Matches matches) {
  for (const ToldThread& thread : told.threads)
    if (thread.call && matches(*thread.call)) return &*thread.call;
  return nullptr;
}

GroupStanding by_recorder(const ToldGroup& group) {
  GroupStanding standing;
  standing.begun = group.recorded.empty() ? 0 : group.recorded.back().sequence;
  for (const RecordedCollective& each : group.recorded) {
    standing.seen.push_back({.sequence = each.sequence, .op = each.op, .sizes = each.sizes});
    if (!each.has_ended && !standing.waits) standing.waits = standing.seen.back();
  }
  standing.ended =
      standing.waits ? std::max<std::uint64_t>(standing.waits->sequence, 1) - 1 : *standing.begun;
  return standing;
}

}  // namespace

const SeenCollective* GroupStanding::find(std::uint64_t sequence) const {
  const auto found = std::find_if(seen.begin(), seen.end(),
                                  [&](const SeenCollective& each) { return each.sequence == sequence; });
  return found == seen.end() ? nullptr : &*found;
}

GroupStanding stand_in_group(const RankTold& told, const ToldGroup& group) {
  if (group.is_recorded) return by_recorder(group);
  GroupStanding standing{.begun = group.sequence, .ended = group.sequence};
  if (!group.sequence) return standing;
  const ToldCall* call = find_call(told, [&](const ToldCall& each) {
    const bool is_here = each.group.empty() ? group.is_default : each.group == group.name;
    return is_here && !is_one_of(each.op, peer_ops) && !is_one_of(each.op, meeting_ops);
  });
  if (call == nullptr) return standing;
  standing.waits = SeenCollective{.sequence = *group.sequence, .op = call->op, .sizes = call->sizes};
  standing.seen = {*standing.waits};
  standing.ended = std::max<std::uint64_t>(*group.sequence, 1) - 1;
  return standing;
}

const ToldCall* find_peer_call(const RankTold& told) {
  return find_call(told, [](const ToldCall& call) { return is_one_of(call.op, peer_ops); });
}

bool is_meeting_op(std::string_view op) { return is_one_of(op, meeting_ops); }

const ToldCall* find_meeting_call(const RankTold& told) {
  return find_call(told, [](const ToldCall& call) { return is_meeting_op(call.op); });
}

}  // namespace smlaunch
