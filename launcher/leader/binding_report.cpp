// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/binding_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "topology/id_set.hpp"

namespace smlaunch {

namespace {

std::string any_if_empty(const std::string& cpus) { return cpus.empty() ? "any" : cpus; }

// In which numbers a host is not as it was planned.
struct CountDifference {
  std::optional<std::pair<int, int>> cpus = {};  // it has, it was planned to have
  std::optional<std::pair<int, int>> gpus = {};
  bool operator==(const CountDifference&) const = default;
};

CountDifference compare_counts(const RankBinding& rank) {
  CountDifference difference;
  if (rank.host_cpus != rank.planned_cpus) difference.cpus = {rank.host_cpus, rank.planned_cpus};
  if (rank.host_gpus != rank.planned_gpus) difference.gpus = {rank.host_gpus, rank.planned_gpus};
  return difference;
}

// "192 CPUs instead of 64 and 7 usable GPUs instead of 8"; empty where neither differs.
std::string counts_in_words(const CountDifference& counts) {
  std::string words;
  if (counts.cpus) words = fmt::format("{} CPUs instead of {}", counts.cpus->first, counts.cpus->second);
  if (counts.gpus)
    words += fmt::format("{}{} usable GPUs instead of {}", words.empty() ? "" : " and ", counts.gpus->first,
                         counts.gpus->second);
  return words;
}

std::string host_difference(bool by_file, const CountDifference& counts) {
  const std::string words = counts_in_words(counts);
  return fmt::format("the host differs from {}: {}", by_file ? "its saved topology" : "what was assumed",
                     words.empty() ? "its CPUs or GPUs lie otherwise" : "it has " + words);
}

// Why a rank runs elsewhere.
enum class WhyElsewhere { noted, kernel_gave_others, other_host };
struct BindingReason {
  WhyElsewhere why = WhyElsewhere::noted;
  std::vector<BindingNote> notes = {};  // of `noted`; may be empty
  bool by_file = false;                 // of `other_host`, as the counts
  CountDifference counts = {};
  bool operator==(const BindingReason&) const = default;
};

BindingReason reason_of(const RankBinding& rank) {
  if (rank.bound != rank.chosen && rank.notes.empty()) return {.why = WhyElsewhere::kernel_gave_others};
  if (rank.bound != rank.chosen || rank.host_cpus == 0) return {.notes = rank.notes};
  return {.why = WhyElsewhere::other_host, .by_file = rank.by_file, .counts = compare_counts(rank)};
}

std::string in_words(const BindingReason& reason) {
  switch (reason.why) {
    case WhyElsewhere::kernel_gave_others: return "the kernel gave it other CPUs than were asked for";
    case WhyElsewhere::other_host: return host_difference(reason.by_file, reason.counts);
    case WhyElsewhere::noted: break;
  }
  std::string text;
  for (const BindingNote& note : reason.notes) text += (text.empty() ? "" : "; ") + to_string(note);
  return text;
}

// Ranks with the same reason, and the first of them.
struct Group {
  BindingReason reason;
  RankBinding first;
  IdSet ranks;
};

void add_to(std::vector<Group>& groups, BindingReason reason, const RankBinding& rank) {
  auto known =
      std::find_if(groups.begin(), groups.end(), [&](const Group& group) { return group.reason == reason; });
  if (known == groups.end()) known = groups.insert(groups.end(), {std::move(reason), rank, {}});
  known->ranks.push_back(rank.rank);
}

}  // namespace

std::vector<std::string> render_binding_warnings(const std::vector<RankBinding>& ranks_of_one_host) {
  std::vector<Group> elsewhere;
  std::vector<Group> noted;
  for (const RankBinding& rank : ranks_of_one_host) {
    if (rank.bound != rank.planned || rank.bound != rank.chosen)
      add_to(elsewhere, reason_of(rank), rank);
    else if (!rank.notes.empty())
      add_to(noted, {.notes = rank.notes}, rank);
  }
  for (auto* groups : {&elsewhere, &noted})
    for (Group& group : *groups) std::sort(group.ranks.begin(), group.ranks.end());
  std::vector<std::string> sentences;
  const auto looked =
      std::find_if(ranks_of_one_host.begin(), ranks_of_one_host.end(), [](const RankBinding& rank) {
        return rank.host_cpus > 0 && compare_counts(rank) != CountDifference{};
      });
  // All of them run where the plan wants them, but the machine is not the planned one.
  if (elsewhere.empty() && looked != ranks_of_one_host.end())
    sentences.push_back(host_difference(looked->by_file, compare_counts(*looked)));
  for (const Group& group : elsewhere) {
    const std::string where = fmt::format("planned {}, runs on {}", any_if_empty(group.first.planned),
                                          any_if_empty(group.first.bound));
    const std::string reason = in_words(group.reason);
    const std::string why = reason.empty() ? "" : fmt::format(" ({})", reason);
    sentences.push_back(group.ranks.size() == 1
                            ? fmt::format("rank {}: {}{}", group.first.rank, where, why)
                            : fmt::format("{} ranks ({}) run elsewhere than planned{}; rank {}: {}",
                                          group.ranks.size(), to_string(group.ranks), why,
                                          group.ranks.front(), where));
  }
  for (const Group& group : noted)
    sentences.push_back(fmt::format("rank{} {}: {}", group.ranks.size() == 1 ? "" : "s",
                                    to_string(group.ranks), in_words(group.reason)));
  return sentences;
}

}  // namespace smlaunch
