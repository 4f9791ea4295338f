// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/hang_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace smlaunch {

namespace {

constexpr std::size_t most_named = 8;
constexpr std::size_t most_places = 3;
constexpr std::size_t small_job = 16;
constexpr std::size_t most_looks = 32;
constexpr std::size_t most_frames = 12;
constexpr std::size_t most_processes = 4;
constexpr std::size_t most_native_lines = 3;
// A rank that works keeps a core busy; a rank that waits without spinning uses next to none.
constexpr double busy_cores = 0.5;
constexpr double idle_cores = 0.1;

std::string name_ranks(const std::vector<RankLook>& looks, const std::vector<std::size_t>& ranks) {
  if (ranks.size() == 1)
    return fmt::format("rank {} on {}", looks[ranks.front()].rank.value, looks[ranks.front()].host);
  std::string text = "ranks ";
  for (std::size_t i = 0; i < ranks.size() && i < most_named; ++i)
    text += fmt::format("{}{}", i == 0 ? "" : ", ", looks[ranks[i]].rank.value);
  if (ranks.size() > most_named) text += fmt::format(" and {} more", ranks.size() - most_named);
  // If all of them are on one host, it is named.
  const std::string& host = looks[ranks.front()].host;
  if (std::all_of(ranks.begin(), ranks.end(), [&](std::size_t i) { return looks[i].host == host; }))
    text += " on " + host;
  return text;
}

// Which ranks work and which wait; empty where that does not tell ranks apart.
std::string describe_activity(const std::vector<RankLook>& looks) {
  std::vector<std::size_t> busy;
  std::vector<std::size_t> idle;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    if (!looks[i].cores_used) continue;
    if (*looks[i].cores_used >= busy_cores) busy.push_back(i);
    if (*looks[i].cores_used <= idle_cores) idle.push_back(i);
  }
  if (busy.empty() || idle.empty()) return "";
  const bool few_busy = busy.size() < idle.size();
  return fmt::format("; {} {} of late, the {} not", name_ranks(looks, few_busy ? busy : idle),
                     few_busy ? "kept a core busy" : "used next to no processor time",
                     (few_busy ? idle : busy).size() == 1 ? "other did" : "others did");
}

std::string look_line(const RankLook& look) {
  std::string text = fmt::format("rank {} on {}: ", look.rank.value, look.host);
  if (!look.ended.empty()) return text + "it " + look.ended;
  if (!look.state) return text + "its agent has not answered";
  text += place_in_words(*look.state);
  if (look.cores_used) text += fmt::format("; {:.2f} cores busy", *look.cores_used);
  return text;
}

// "    native (gdb): send.c:12 in MPI_Send < main.c:3 in main", "    3 threads, native (gdb): …"
std::string native_line(const NativeStack& stack, NativeSource source) {
  const auto end =
      stack.frames.begin() + static_cast<std::ptrdiff_t>(std::min(most_frames, stack.frames.size()));
  return fmt::format("    {}native ({}): {}",
                     stack.threads == 1 ? "" : fmt::format("{} threads, ", stack.threads), to_string(source),
                     fmt::join(stack.frames.begin(), end, " < "));
}

void add_process(std::vector<std::string>& lines, const ProcessState& process, const std::string& source) {
  std::string line = fmt::format("  {} (pid {}, {} thread{}) {}", process.name, process.pid, process.threads,
                                 process.threads == 1 ? "" : "s", process.state);
  if (!process.wait_channel.empty()) line += " in " + process.wait_channel;
  if (!process.kernel_stack.empty())
    line += fmt::format(
        "; kernel: {}",
        fmt::join(process.kernel_stack.begin(),
                  process.kernel_stack.begin() +
                      static_cast<std::ptrdiff_t>(std::min(most_frames, process.kernel_stack.size())),
                  " < "));
  lines.push_back(std::move(line));
  for (std::size_t i = 0; i < process.python_stack.size() && i < most_frames; ++i)
    lines.push_back(
        fmt::format("    {}{}", process.python_stack[i], i == 0 ? fmt::format("  ({})", source) : ""));
  for (std::size_t i = 0; i < process.native_stacks.size() && i < most_native_lines; ++i)
    lines.push_back(native_line(process.native_stacks[i], process.native_source));
}

// Those from `begin` to `end`, or the first of them.
void add_processes(std::vector<std::string>& lines, const RankState& state, std::size_t begin,
                   std::size_t end) {
  const std::size_t shown = std::min(begin + most_processes, end);
  for (std::size_t i = begin; i < shown; ++i) add_process(lines, state.processes[i], state.python_source);
  if (shown < end)
    lines.push_back(fmt::format("  and {} more process{}", end - shown, end - shown == 1 ? "" : "es"));
}

}  // namespace

std::vector<RankGroup> group_by_place(const std::vector<RankLook>& looks) {
  std::vector<RankGroup> groups;
  enum class Seen { ended, nothing, state };
  std::map<std::pair<Seen, std::string>, std::size_t> known;
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const Seen seen = !looks[i].ended.empty() ? Seen::ended : looks[i].state ? Seen::state : Seen::nothing;
    const std::string place = seen == Seen::ended   ? "ended"
                              : seen == Seen::state ? place_in_words(*looks[i].state)
                                                    : "not heard of";
    const auto [at, is_new] = known.try_emplace({seen, place}, groups.size());
    if (is_new) groups.push_back({place, {}});
    groups[at->second].ranks.push_back(i);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const RankGroup& a, const RankGroup& b) { return a.ranks.size() > b.ranks.size(); });
  return groups;
}

std::vector<Rank> find_odd_ranks(const std::vector<RankLook>& looks) {
  std::vector<Rank> odd;
  for (const RankLook& look : looks)
    if (!look.ended.empty()) odd.push_back(look.rank);
  if (!odd.empty()) return odd;
  const auto groups = group_by_place(looks);
  if (groups.size() < 2 || groups.front().ranks.size() * 2 <= looks.size()) return {};
  for (std::size_t i = 1; i < groups.size(); ++i)
    for (const std::size_t look : groups[i].ranks) odd.push_back(looks[look].rank);
  return odd;
}

std::vector<RankLook> looks_at_ranks(const RankLook& starter) {
  if (!starter.state) return {starter};
  std::map<int, RankLook> ranks;
  std::vector<ProcessState> others;
  for (const ProcessState& process : starter.state->processes) {
    if (!process.rank) {
      others.push_back(process);
      continue;
    }
    RankLook& look = ranks[*process.rank];
    if (!look.state)
      look.state = RankState{.processes = {}, .primary = 0, .python_source = starter.state->python_source};
    look.state->processes.push_back(process);
  }
  if (ranks.empty()) return {starter};
  std::vector<RankLook> looks;
  for (auto& [rank, look] : ranks) {
    look.rank = Rank{rank};
    look.host = starter.host;
    looks.push_back(std::move(look));
  }
  looks.front().state->nccl_ras = starter.state->nccl_ras;
  auto& first = looks.front().state->processes;
  first.insert(first.end(), others.begin(), others.end());
  looks.front().of_starter = others.size();
  return looks;
}

namespace {

std::string describe_running(const std::vector<RankLook>& looks) {
  const auto groups = group_by_place(looks);
  if (groups.empty()) return "";
  if (looks.size() == 1) return fmt::format("rank {}: {}", looks.front().rank.value, groups.front().place);
  std::string text;
  if (groups.size() == 1) {
    text = fmt::format("all {} ranks are at one place: {}", looks.size(), groups.front().place);
  } else if (groups.front().ranks.size() * 2 > looks.size()) {
    const std::size_t most = groups.front().ranks.size();
    for (std::size_t i = 1; i < groups.size() && i <= most_places; ++i)
      text += fmt::format("{}{} {} elsewhere than the {} others: {}", text.empty() ? "" : "; ",
                          name_ranks(looks, groups[i].ranks), groups[i].ranks.size() == 1 ? "is" : "are",
                          most, groups[i].place);
    text += fmt::format("; they: {}", groups.front().place);
  } else {
    for (std::size_t i = 0; i < groups.size() && i <= most_places; ++i)
      text += fmt::format("{}{}: {}", text.empty() ? "no place has more than half of the ranks: " : "; ",
                          name_ranks(looks, groups[i].ranks), groups[i].place);
  }
  if (groups.size() > most_places + 1)
    text += fmt::format("; {} further places", groups.size() - most_places - 1);
  return text + describe_activity(looks);
}

}  // namespace

std::string describe_hang(const std::vector<RankLook>& looks) {
  std::vector<RankLook> running;
  std::string ended;
  std::size_t others = 0;
  for (const RankLook& look : looks) {
    if (look.ended.empty())
      running.push_back(look);
    else if (ended.empty())
      ended = fmt::format("rank {} on {} {}", look.rank.value, look.host, look.ended);
    else
      ++others;
  }
  if (others > 0) ended += fmt::format(", and so had {} other{} ended", others, others == 1 ? "" : "s");
  if (ended.empty()) return describe_running(looks);
  return running.empty() ? ended : fmt::format("{}; of those that run, {}", ended, describe_running(running));
}

std::vector<std::string> render_looks(const std::vector<RankLook>& looks) {
  std::vector<std::size_t> shown;
  if (looks.size() <= small_job) {
    for (std::size_t i = 0; i < looks.size(); ++i) shown.push_back(i);
  } else {
    const auto groups = group_by_place(looks);
    shown.push_back(groups.front().ranks.front());
    for (std::size_t i = 1; i < groups.size(); ++i)
      for (const std::size_t rank : groups[i].ranks)
        if (shown.size() < most_looks) shown.push_back(rank);
  }
  std::vector<std::string> lines;
  for (const std::size_t i : shown) {
    lines.push_back(look_line(looks[i]));
    if (!looks[i].state) continue;
    const auto& processes = looks[i].state->processes;
    const std::size_t own = processes.size() - looks[i].of_starter;
    add_processes(lines, *looks[i].state, 0, own);
    if (own == processes.size()) continue;
    lines.push_back(fmt::format("what started the ranks on {}:", looks[i].host));
    add_processes(lines, *looks[i].state, own, processes.size());
  }
  if (shown.size() < looks.size())
    lines.push_back(fmt::format("{} more ranks are not shown", looks.size() - shown.size()));
  return lines;
}

}  // namespace smlaunch
