// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/collective_waits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace smlaunch {

namespace {

// Their tensors are of one size on all ranks; those of others need not be.
constexpr std::array<std::string_view, 3> alike_ops = {"all_reduce", "broadcast", "reduce"};

bool is_alike(std::string_view op) {
  return std::find(alike_ops.begin(), alike_ops.end(), op) != alike_ops.end();
}

bool is_undefined(std::string_view description) {
  return description.empty() || description == "undefined" || description == "null";
}

const ToldGroup* find_group(const RankTold& told, std::string_view name,
                            const std::vector<RankRange>& ranks) {
  const auto found = std::find_if(told.groups.begin(), told.groups.end(), [&](const ToldGroup& each) {
    return each.name == name && each.ranks == ranks;
  });
  return found == told.groups.end() ? nullptr : &*found;
}

void take_version(Wait& wait, std::size_t view, const SeenCollective& seen) {
  const std::string sizes = is_alike(seen.op) ? seen.sizes : std::string();
  const auto found = std::find_if(wait.versions.begin(), wait.versions.end(), [&](const Wait::Version& each) {
    return each.op == seen.op && each.sizes == sizes;
  });
  if (found == wait.versions.end())
    wait.versions.push_back({.op = seen.op, .sizes = sizes, .ranks = {view}});
  else
    found->ranks.push_back(view);
}

// The first collective of the group in which any of them waits.
const SeenCollective* first_wait(const KnownGroup& group) {
  const SeenCollective* first = nullptr;
  for (const KnownGroup::Member& each : group.members)
    if (each.standing.waits && (first == nullptr || each.standing.waits->sequence < first->sequence))
      first = &*each.standing.waits;
  return first;
}

std::optional<Wait> wait_of_group(const std::vector<RankView>& views, const KnownGroup& group) {
  const SeenCollective* first = first_wait(group);
  if (first == nullptr) return {};
  Wait wait{.in = name_collective(group, *first), .unseen = group.unseen};
  for (const KnownGroup::Member& member : group.members) {
    const GroupStanding& standing = member.standing;
    if (standing.waits && standing.waits->sequence == first->sequence) wait.waiting.push_back(member.view);
    if (!standing.begun)
      (views[member.view].is_silent ? wait.unknown : wait.absent).push_back(member.view);
    else if (*standing.begun < first->sequence)
      wait.absent.push_back(member.view);
    else if (const SeenCollective* seen = standing.find(first->sequence))
      take_version(wait, member.view, *seen);
  }
  return wait;
}

// Without a recorder nothing tells who waits in a collective that was begun asynchronously.
std::optional<Wait> difference_in_group(const std::vector<RankView>& views, const KnownGroup& group) {
  std::optional<std::uint64_t> least;
  std::optional<std::uint64_t> most;
  for (const KnownGroup::Member& member : group.members) {
    if (!member.standing.begun) continue;
    least = std::min(least.value_or(*member.standing.begun), *member.standing.begun);
    most = std::max(most.value_or(*member.standing.begun), *member.standing.begun);
  }
  if (!least || *least == *most) return {};
  Wait wait{.in = name_collective(group, {.sequence = *least + 1}), .is_only_begun = true};
  for (const KnownGroup::Member& member : group.members) {
    if (!member.standing.begun)
      (views[member.view].is_silent ? wait.unknown : wait.absent).push_back(member.view);
    else
      (*member.standing.begun == *least ? wait.absent : wait.waiting).push_back(member.view);
  }
  return wait;
}

bool is_in_groups(const RankView& view) { return view.told && !view.told->groups.empty(); }

// By the numbers of torch. Who is in its groups knows its own; of the others it is what smlaunch has given them.
std::map<int, std::size_t> index_by_rank(const std::vector<RankView>& views) {
  std::map<int, std::size_t> by_rank;
  for (const bool is_in : {true, false})
    for (std::size_t i = 0; i < views.size(); ++i)
      if (is_in_groups(views[i]) == is_in) by_rank.emplace(views[i].torch_rank, i);
  return by_rank;
}

bool are_several_worlds(const std::vector<RankView>& views) {
  std::set<int> ranks;
  return std::any_of(views.begin(), views.end(), [&](const RankView& view) {
    return is_in_groups(view) && !ranks.insert(view.torch_rank).second;
  });
}

// send and recv: for one rank by another.
void add_peer_waits(const std::vector<RankView>& views, std::vector<Wait>& waits) {
  const std::map<int, std::size_t> by_rank = index_by_rank(views);
  for (std::size_t i = 0; i < views.size(); ++i) {
    const ToldCall* call = views[i].told ? find_peer_call(*views[i].told) : nullptr;
    if (call == nullptr || !call->peer) continue;
    Wait wait{.in = {.group = "", .op = fmt::format("{} with rank {}", call->op, *call->peer)},
              .waiting = {i}};
    const auto peer = by_rank.find(*call->peer);
    if (peer == by_rank.end()) continue;
    const RankView& other = views[peer->second];
    const ToldCall* answer = other.told ? find_peer_call(*other.told) : nullptr;
    const bool do_meet = answer != nullptr && answer->op != call->op && answer->peer == views[i].torch_rank;
    if (other.is_silent)
      wait.unknown.push_back(peer->second);
    else if (!do_meet)
      wait.absent.push_back(peer->second);
    waits.push_back(std::move(wait));
  }
}

std::size_t count_groups(const RankView& view) { return view.told ? view.told->groups.size() : 0; }

// init_process_group, new_group: there is no count yet. Who has made more groups has been there.
void add_meetings(const std::vector<RankView>& views, std::vector<Wait>& waits) {
  std::map<std::string, Wait> by_op;
  std::map<std::string, std::size_t> most_groups;
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::string& op = views[i].meeting;
    if (op.empty()) continue;
    Wait& wait = by_op[op];
    wait.in.op = op;
    wait.waiting.push_back(i);
    most_groups[op] = std::max(most_groups[op], count_groups(views[i]));
  }
  for (auto& [op, wait] : by_op) {
    for (std::size_t i = 0; i < views.size(); ++i) {
      if (std::find(wait.waiting.begin(), wait.waiting.end(), i) != wait.waiting.end()) continue;
      if (views[i].is_silent)
        wait.unknown.push_back(i);
      else if (count_groups(views[i]) <= most_groups[op])
        wait.absent.push_back(i);
    }
    waits.push_back(std::move(wait));
  }
}

}  // namespace

std::vector<KnownGroup> find_groups(const std::vector<RankView>& views) {
  if (are_several_worlds(views)) return {};
  const std::map<int, std::size_t> by_rank = index_by_rank(views);
  std::map<std::pair<std::string, std::vector<RankRange>>, ToldGroup> told;
  std::map<std::string, bool> counts_from_one;
  for (const RankView& view : views) {
    if (!view.told) continue;
    for (const ToldGroup& group : view.told->groups) {
      told.try_emplace({group.name, group.ranks}, group);
      counts_from_one[group.name] = view.told->counts_from_one;
    }
  }
  std::vector<KnownGroup> groups;
  for (const auto& [key, group] : told) {
    KnownGroup known{.name = name_group(group),
                     .is_default = group.is_default,
                     .counts_from_one = counts_from_one[group.name]};
    for (const RankRange& range : group.ranks) {
      known.unseen += static_cast<std::size_t>(range.last - range.first) + 1;
      for (auto at = by_rank.lower_bound(range.first); at != by_rank.end() && at->first <= range.last; ++at) {
        const RankView& view = views[at->second];
        const ToldGroup* own = view.told ? find_group(*view.told, key.first, key.second) : nullptr;
        known.members.push_back(
            {.view = at->second, .standing = own ? stand_in_group(*view.told, *own) : GroupStanding()});
        --known.unseen;
      }
    }
    groups.push_back(std::move(known));
  }
  return groups;
}

std::string name_group(const ToldGroup& group) {
  if (group.is_default) return "default";
  return is_undefined(group.description) ? group.name : group.description;
}

std::string group_in_words(const std::string& group) {
  return group == "default" ? "the default group" : fmt::format("the group {}", group);
}

NamedCollective name_collective(const KnownGroup& group, const SeenCollective& seen) {
  NamedCollective named{.group = group.name, .op = seen.op, .sizes = seen.sizes};
  if (group.counts_from_one) named.sequence = seen.sequence;
  return named;
}

std::vector<Wait> find_waits(const std::vector<RankView>& views, const std::vector<KnownGroup>& groups) {
  std::vector<Wait> waits;
  for (const KnownGroup& group : groups)
    if (auto wait = wait_of_group(views, group)) waits.push_back(std::move(*wait));
  if (!are_several_worlds(views)) add_peer_waits(views, waits);
  add_meetings(views, waits);
  if (!waits.empty()) return waits;
  for (const KnownGroup& group : groups)
    if (auto wait = difference_in_group(views, group)) waits.push_back(std::move(*wait));
  return waits;
}

}  // namespace smlaunch
