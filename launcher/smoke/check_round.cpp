// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/check_round.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "launcher/smoke/find_suspects.hpp"

namespace smlaunch {

namespace {

// We end a test before a program gives it up by itself: that would look like a program that failed.
constexpr double give_up_seconds = 10;
constexpr int round_repeats = 3;
// Speed is not judged on the CPU, and every job pays for the time.
constexpr double cpu_budget_seconds = 0.1;
constexpr int cpu_least_repeats = 1;
constexpr int cpu_most_repeats = 5;
constexpr int thorough_repeats = 5;
constexpr int gpu_warm_ups = 5;
constexpr int gpu_most_repeats = 20;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Adds to `repeats`: for each repeat the time of the slowest rank, with its wait for the last rank to arrive.
void add_repeats(const TestResult& result, std::vector<double>& repeats) {
  repeats.resize(std::max(repeats.size(), result.transfer_seconds.size()));
  for (std::size_t i = 0; i < result.transfer_seconds.size(); ++i)
    repeats[i] =
        std::max(repeats[i], result.transfer_seconds[i] +
                                 (i < result.barrier_seconds.size() ? result.barrier_seconds[i] : 0.0));
}

// Judges by the ranks' own reports: a wrong sum says more than a rank that failed.
GroupResult judge_reports(const CheckGroup& group, const Indexed<Rank, CheckMember>& members) {
  GroupResult made{.units = group.units};
  for (const int rank : group.ranks) {
    const CheckMember& each = members[Rank{rank}];
    if (each.result && each.result->sums.count > 0) {
      made.trouble = GroupTrouble::wrong_sums;
      made.wrong_elements = each.result->sums.count;
    } else if (!each.result && !each.usable() && made.passed()) {
      made.trouble = GroupTrouble::rank_failed;
      made.words = each.why;
    }
  }
  return made;
}

}  // namespace

CheckGroup make_group_of_all(const SmokeSettings& settings) {
  CheckGroup all;
  for (const Rank rank : settings.ranks.indices()) all.ranks.push_back(rank.value);
  return all;
}

CheckGroup make_group(const SmokeSettings& settings, std::vector<TestedUnit> units) {
  CheckGroup group{.units = std::move(units)};
  for (const Rank rank : settings.ranks.indices()) {
    const TestedUnit unit{searches_ranks(settings) ? rank.value : settings.ranks[rank].node.value};
    if (std::find(group.units.begin(), group.units.end(), unit) != group.units.end())
      group.ranks.push_back(rank.value);
  }
  return group;
}

std::vector<CheckSettings> make_check_settings(const SmokeSettings& settings, bool is_first) {
  std::vector<CheckSettings> made;
  std::set<NodeRank> told;
  for (const Rank index : settings.ranks.indices()) {
    const SmokeRank& rank = settings.ranks[index];
    CheckSettings command;
    command.rank = index.value;
    command.local_rank = rank.local_rank.value;
    command.host = settings.hosts[rank.node];
    command.injection = injection_of(settings.injection, command.rank, command.host);
    command.library = settings.library;
    command.python = settings.python;
    command.device = rank.device;
    command.bytes = settings.bytes;
    const bool is_first_of_host = told.insert(rank.node).second;
    command.tells_host = is_first_of_host && is_first;
    command.finds_library = is_first_of_host && settings.library == library_of_python;
    made.push_back(std::move(command));
  }
  return made;
}

RunTest make_test(const SmokeSettings& settings, const CheckGroup& group, bool is_first, double seconds) {
  const bool is_cpu = settings.backend == cpu_backend;
  RunTest test;
  test.test = group.test;
  test.ranks = group.ranks;
  test.bytes = settings.bytes;
  test.warm_up = is_cpu || !is_first ? 1 : gpu_warm_ups;
  test.least_repeats = !is_first              ? round_repeats
                       : settings.is_thorough ? thorough_repeats
                       : is_cpu               ? cpu_least_repeats
                                              : round_repeats;
  test.most_repeats = !is_first ? round_repeats : is_cpu ? cpu_most_repeats : gpu_most_repeats;
  test.budget_seconds = is_cpu ? cpu_budget_seconds : 1;
  test.deadline_seconds = seconds + give_up_seconds;
  return test;
}

std::optional<GroupResult> judge_group(const SmokeSettings& settings, const CheckGroup& group,
                                       const Indexed<Rank, CheckMember>& members) {
  GroupResult made = judge_reports(group, members);
  const auto any = [&](auto&& test) {
    return std::any_of(group.ranks.begin(), group.ranks.end(),
                       [&](int rank) { return test(members[Rank{rank}]); });
  };
  if (made.passed() && any([](const CheckMember& each) { return !each.result; })) {
    // On the CPU no rank gets past MPI_Init as long as one rank of the set does not come.
    const bool waits_for_others = settings.backend == cpu_backend &&
                                  std::any_of(members.begin(), members.end(), [](const CheckMember& each) {
                                    return each.usable() && !each.done && each.reached && each.is_absent();
                                  });
    made.trouble = GroupTrouble::no_answer;
    if (waits_for_others && !any([](const CheckMember& each) { return each.is_absent(); })) return {};
    if (waits_for_others) made.trouble = GroupTrouble::did_not_begin;
  }
  if (!made.passed() || group.ranks.size() < 2) return made;
  std::vector<double> repeats;
  for (const int rank : group.ranks) add_repeats(*members[Rank{rank}].result, repeats);
  if (!repeats.empty())
    made.busbw_gbps = busbw_gbps(settings.bytes, median(repeats), static_cast<int>(group.ranks.size()));
  return made;
}

}  // namespace smlaunch
