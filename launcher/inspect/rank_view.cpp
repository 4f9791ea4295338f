// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/rank_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "launcher/inspect/group_standing.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_named = 8;
constexpr std::size_t most_stacks = 16;

// Those that are in torch's groups, each with another rank there. Otherwise the first that has answered, if no process
// stays silent: a helper that a rank has started does not answer for it.
std::vector<RankTold> find_told(const RankState& state) {
  std::vector<RankTold> distributed;
  std::optional<RankTold> other;
  bool is_one_silent = false;
  for (const ProcessState& process : state.processes) {
    is_one_silent = is_one_silent || (process.told.empty() && process.has_thread);
    auto told = process.told.empty() ? std::nullopt : parse_told(process.told);
    if (!told) continue;
    const bool is_known = std::any_of(distributed.begin(), distributed.end(),
                                      [&](const RankTold& each) { return each.rank == told->rank; });
    if (!told->groups.empty() && !is_known)
      distributed.push_back(std::move(*told));
    else if (!other)
      other = std::move(*told);
  }
  if (distributed.empty() && other && !is_one_silent) distributed.push_back(std::move(*other));
  return distributed;
}

std::vector<std::vector<std::string>> stacks_of(const RankView& view, const RankState& state) {
  std::vector<std::vector<std::string>> stacks;
  if (view.told)
    for (const ToldThread& thread : view.told->threads)
      if (stacks.size() < most_stacks) stacks.push_back(stack_of(thread));
  for (const ProcessState& process : state.processes)
    if (process.told.empty() && !process.python_stack.empty() && stacks.size() < most_stacks)
      stacks.push_back(process.python_stack);
  return stacks;
}

// "distributed_c10d.py:754 in init_process_group" -> "init_process_group". PyTorch may hold Python's lock there, and
// then no thread of the process answers.
std::string meeting_of(const RankView& view) {
  if (const ToldCall* call = view.told ? find_meeting_call(*view.told) : nullptr) return call->op;
  constexpr std::string_view file = "distributed_c10d.py:";
  for (const auto& stack : view.stacks)
    for (const std::string_view frame : stack) {
      const std::string_view op = frame.substr(frame.rfind(' ') + 1);
      if (frame.starts_with(file) && is_meeting_op(op)) return std::string(op);
    }
  return "";
}

RankView view_without_state(const RankLook& look) {
  RankView view{.rank = look.rank, .shown = look.rank, .torch_rank = look.rank.value};
  view.host = look.host;
  view.has_ended = !look.ended.empty();
  view.is_silent = look.ended.empty();
  view.was_heard = view.has_ended;
  view.state = view.has_ended ? "ended" : "not heard of";
  view.where = look.ended;
  return view;
}

RankView view_state(const RankLook& look, std::optional<RankTold> told) {
  RankView view{.rank = look.rank, .shown = look.rank, .torch_rank = look.rank.value};
  view.host = look.host;
  view.told = std::move(told);
  view.is_silent = !view.told;
  view.state = primary_state_in_words(*look.state);
  view.stacks = stacks_of(view, *look.state);
  view.meeting = meeting_of(view);
  if (view.told) {
    if (view.told->rank) view.torch_rank = *view.told->rank;
    view.where = place_in_program(*view.told);
  }
  if (view.where.empty()) {
    view.is_in_frame = !is_stopped(*look.state) && stands_in_python(*look.state);
    view.where = is_stopped(*look.state) ? "stopped by a signal" : place_in_words(*look.state);
  }
  return view;
}

}  // namespace

std::vector<RankView> view_ranks(const std::vector<RankLook>& looks) {
  std::vector<RankView> views;
  views.reserve(looks.size());
  for (const RankLook& look : looks) {
    if (!look.state || !look.ended.empty()) {
      views.push_back(view_without_state(look));
      continue;
    }
    std::vector<RankTold> told = find_told(*look.state);
    if (told.empty()) views.push_back(view_state(look, std::nullopt));
    for (RankTold& each : told) {
      views.push_back(view_state(look, std::move(each)));
      if (told.size() > 1) views.back().shown = Rank{views.back().torch_rank};
    }
  }
  return views;
}

std::string describe_whereabouts(const RankView& view, const std::string& who) {
  if (view.has_ended) return fmt::format("{} {}", who, view.where);
  if (!view.was_heard) return fmt::format("the agent of {} has not answered", who);
  if (view.told) return fmt::format("{} is in {}", who, view.where);
  return fmt::format("{} is {}{}", who, view.is_in_frame ? "at " : "", view.where);
}

std::string name_views(const std::vector<RankView>& views, const std::vector<std::size_t>& named) {
  std::string text = named.size() == 1 ? "rank " : "ranks ";
  for (std::size_t i = 0; i < named.size() && i < most_named; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", views[named[i]].shown.value);
  if (named.size() > most_named) text += fmt::format(" and {} more", named.size() - most_named);
  const std::string& host = views[named.front()].host;
  if (std::all_of(named.begin(), named.end(), [&](std::size_t i) { return views[i].host == host; }))
    text += fmt::format(" ({})", host);
  return text;
}

}  // namespace smlaunch
