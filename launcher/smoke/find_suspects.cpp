// SPDX-License-Identifier: Apache-2.0
// A rank is accused where only some ranks of its host are at fault. The host is accused where all its ranks
// are, and there are several of them, or the fault is by its nature the host's.
#include "launcher/smoke/find_suspects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace smlaunch {

namespace {

// Ranks that are gone so soon after the first one are victims of that rank or its host, not culprits.
constexpr double same_moment_seconds = 0.05;

const std::string& host_of(const SmokeSettings& settings, Rank rank) {
  return settings.hosts[settings.ranks[rank].node];
}

std::vector<Rank> ranks_of_node(const SmokeSettings& settings, NodeRank node) {
  std::vector<Rank> ranks;
  for (const Rank rank : settings.ranks.indices())
    if (settings.ranks[rank].node == node) ranks.push_back(rank);
  return ranks;
}

// `whole_hosts`: a host with one rank is accused, not its rank.
std::vector<Suspect> accuse(const SmokeSettings& settings, const std::map<Rank, std::string>& guilty,
                            bool whole_hosts) {
  std::vector<Suspect> suspects;
  std::set<NodeRank> told;
  for (const auto& [rank, evidence] : guilty) {
    const NodeRank node = settings.ranks[rank].node;
    const std::vector<Rank> all = ranks_of_node(settings, node);
    const bool is_host =
        (whole_hosts || all.size() > 1) &&
        std::all_of(all.begin(), all.end(), [&](Rank each) { return guilty.contains(each); });
    if (!is_host) {
      suspects.push_back({.subject = SuspectSubject::rank,
                          .name = std::to_string(rank.value),
                          .evidence = fmt::format("on {}: {}", host_of(settings, rank), evidence),
                          .nodes = {node}});
    } else if (told.insert(node).second) {
      suspects.push_back({.subject = SuspectSubject::host,
                          .name = host_of(settings, rank),
                          .evidence = all.size() == 1
                                          ? fmt::format("rank {}: {}", rank.value, evidence)
                                          : fmt::format("all its {} ranks: {}", all.size(), evidence),
                          .nodes = {node}});
    }
  }
  return suspects;
}

std::string range_words(const WrongRange& range) {
  return range.first == range.last ? fmt::format("element {}", range.first)
                                   : fmt::format("elements {} to {}", range.first, range.last);
}

std::string fault_words(const WrongRange& range) {
  switch (range.fault) {
    case ContributionFault::missing:
      return fmt::format("its contribution is missing in {}", range_words(range));
    case ContributionFault::doubled:
      return fmt::format("its contribution is counted {} in {}",
                         range.times == 2 ? "twice" : fmt::format("{} times", range.times),
                         range_words(range));
    case ContributionFault::corrupt:
      return fmt::format("its contribution is corrupt in {}", range_words(range));
  }
  return "";
}

// The losses that say something of a rank or its host: the first, what was lost at the same moment, and the
// rest of its host. Whom mpirun has ended is none of them.
std::map<Rank, std::string> find_own_losses(const SmokeSettings& settings, const SmokeRecord& record) {
  std::optional<Rank> first;
  const auto counts = [&](Rank rank) {
    return record.ranks[rank].loss && !record.ranks[rank].loss->by_others;
  };
  for (const Rank rank : record.ranks.indices())
    if (counts(rank) && (!first || record.ranks[rank].loss->seconds < record.ranks[*first].loss->seconds))
      first = rank;
  std::map<Rank, std::string> lost;
  for (const Rank rank : record.ranks.indices()) {
    if (!counts(rank)) continue;
    const CheckLoss& loss = *record.ranks[rank].loss;
    const bool is_same_moment = loss.seconds <= record.ranks[*first].loss->seconds + same_moment_seconds;
    const bool is_same_host = loss.is_silent && settings.ranks[rank].node == settings.ranks[*first].node;
    if (is_same_moment || is_same_host) lost[rank] = loss.how;
  }
  return lost;
}

// Every host but the leader's has fallen silent, and they are several: it is the leader that nobody hears.
bool is_leader_cut_off(const SmokeSettings& settings, const SmokeRecord& record) {
  std::set<NodeRank> others;
  for (const Rank rank : record.ranks.indices()) {
    if (host_of(settings, rank) == settings.leader_host) continue;
    const auto& loss = record.ranks[rank].loss;
    if (!loss || !loss->is_silent) return false;
    others.insert(settings.ranks[rank].node);
  }
  return others.size() > 1;
}

Finding nobody_to_accuse(const SmokeRecord& record) {
  for (const RankCheck& rank : record.ranks)
    if (record.engine_failure.empty() && rank.loss)
      return {{}, fmt::format("the check programs were told to end, not by us: {}", rank.loss->how)};
  return {{}, record.engine_failure};
}

}  // namespace

bool is_on_gpus_alone(const SmokeSettings& settings, const SmokeRecord& record) {
  return settings.backend == nccl_backend &&
         std::none_of(record.ranks.begin(), record.ranks.end(), [](const RankCheck& rank) {
           return (rank.library && rank.library->is_imitation) || (rank.result && rank.result->shares_gpu);
         });
}

std::string describe_ranks(const SmokeSettings& settings, const std::vector<Rank>& ranks) {
  if (ranks.size() == 1)
    return fmt::format("rank {} ({})", ranks.front().value, host_of(settings, ranks.front()));
  std::set<std::string> hosts;
  IdSet values;
  for (const Rank rank : ranks) {
    hosts.insert(host_of(settings, rank));
    values.push_back(rank.value);
  }
  const std::string numbers = to_string(values);
  if (hosts.size() > 4) return fmt::format("ranks {}", numbers);
  return fmt::format("ranks {} ({})", numbers, fmt::join(hosts, ", "));
}

std::optional<Finding> find_broken_ranks(const SmokeSettings& settings, const SmokeRecord& record) {
  std::map<Rank, std::string> failed;
  const std::map<Rank, std::string> lost = find_own_losses(settings, record);
  const bool any_loss = std::any_of(record.ranks.begin(), record.ranks.end(),
                                    [](const RankCheck& rank) { return rank.loss.has_value(); });
  bool before_talking = false;
  for (const Rank index : record.ranks.indices()) {
    const RankCheck& rank = record.ranks[index];
    if (!rank.failure) continue;
    before_talking = before_talking || rank.failure->stage <= SmokeStage::communicator_called;
    failed[index] = rank.failure->text;
  }
  // Once ranks talk, a rank that fails takes others with it. Then the first rank that was gone is accused, or
  // nobody.
  if (!failed.empty() && before_talking)
    std::erase_if(failed, [&](const auto& each) {
      return record.ranks[each.first].failure->stage > SmokeStage::communicator_called;
    });
  const auto is_victim = [&](const auto& each) { return record.ranks[each.first].failure->blames_peer; };
  const bool only_victims = !failed.empty() && std::all_of(failed.begin(), failed.end(), is_victim);
  const bool is_lost_alone = !lost.empty() && record.ranks[lost.begin()->first].loss->alone;
  if (!only_victims || is_lost_alone) std::erase_if(failed, is_victim);
  if (failed.empty() && is_leader_cut_off(settings, record))
    return Finding{{},
                   fmt::format("no other host answers {}, which leads the test; its own network may be cut",
                               settings.leader_host)};
  if (failed.empty() && lost.empty())
    return any_loss ? std::optional(nobody_to_accuse(record)) : std::nullopt;
  const bool all_failed = failed.size() == record.ranks.size();
  Finding finding;
  if (!failed.empty()) {
    std::vector<Rank> ranks;
    for (const auto& each : failed) ranks.push_back(each.first);
    const CheckFailed& first = *record.ranks[ranks.front()].failure;
    const std::string words = fmt::format("reached \"{}\": {}", to_string(first.stage), first.text);
    finding.reason = all_failed ? fmt::format("no rank {}", words)
                                : fmt::format("{} never {}", describe_ranks(settings, ranks), words);
    const bool only_some = !all_failed && (before_talking || failed.size() * 2 < record.ranks.size());
    if (!only_victims && (only_some || settings.hosts.size() == 1))
      finding.suspects = accuse(settings, failed, true);
    if (all_failed && settings.hosts.size() > 1) finding.suspects.clear();
  }
  if (!lost.empty() && failed.empty()) {
    std::vector<Rank> ranks;
    for (const auto& each : lost) ranks.push_back(each.first);
    finding.reason = fmt::format("{}: {}", describe_ranks(settings, ranks), lost.begin()->second);
    // A rank that gave up because it could not talk proves nothing about itself.
    if (is_lost_alone && (lost.size() < record.ranks.size() || settings.hosts.size() == 1))
      finding.suspects = accuse(settings, lost, false);
  }
  return finding;
}

std::optional<Finding> find_odd_libraries(const SmokeSettings& settings, const SmokeRecord& record) {
  std::map<std::pair<std::string, std::string>, std::vector<Rank>> by_build;
  for (const Rank rank : record.ranks.indices())
    if (const auto& library = record.ranks[rank].library)
      by_build[{library->version, library->build_id}].push_back(rank);
  if (by_build.size() < 2) return {};
  Finding finding;
  const auto most = std::max_element(by_build.begin(), by_build.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const bool tie = std::count_if(by_build.begin(), by_build.end(), [&](const auto& each) {
                     return each.second.size() == most->second.size();
                   }) > 1;
  std::map<Rank, std::string> odd;
  for (const auto& [build, ranks] : by_build) {
    const LibraryFacts& facts = *record.ranks[ranks.front()].library;
    finding.reason += fmt::format(
        "{}{} ({}{}) on {}", finding.reason.empty() ? "the libraries differ: " : "; ", facts.version,
        facts.path, facts.build_id.empty() ? "" : ", build " + facts.build_id.substr(0, 12),
        describe_ranks(settings, ranks));
    if (build == most->first || tie) continue;
    for (const Rank rank : ranks)
      odd[rank] = fmt::format("loads {} where most load {}", facts.version, most->first.first);
  }
  finding.suspects = accuse(settings, odd, true);
  return finding;
}

std::optional<Finding> find_absent_ranks(const SmokeSettings& settings, const SmokeRecord& record) {
  if (!record.timed_out) return {};
  Finding finding;
  for (const SmokeStage stage : all_smoke_stages) {
    std::map<Rank, std::string> absent;
    std::vector<Rank> ranks;
    for (const Rank rank : record.ranks.indices()) {
      if (record.ranks[rank].reached[stage]) continue;
      ranks.push_back(rank);
      absent[rank] =
          fmt::format("did not reach \"{}\" within {:.0f} s", to_string(stage), settings.deadline_seconds);
    }
    if (ranks.empty()) continue;
    if (ranks.size() == record.ranks.size()) {
      finding.reason =
          fmt::format("no rank reached \"{}\" within {:.0f} s", to_string(stage), settings.deadline_seconds);
      return finding;
    }
    finding.reason = fmt::format("{} of {} ranks reached \"{}\" within {:.0f} s; not there: {}",
                                 record.ranks.size() - ranks.size(), record.ranks.size(), to_string(stage),
                                 settings.deadline_seconds, describe_ranks(settings, ranks));
    // After this stage ranks depend on each other: a rank that is behind proves nothing.
    if (stage <= SmokeStage::communicator_called) finding.suspects = accuse(settings, absent, false);
    return finding;
  }
  return {};
}

std::optional<Finding> find_wrong_contributors(const SmokeSettings& settings, const SmokeRecord& record) {
  Finding finding;
  std::map<Rank, std::string> guilty;
  std::vector<Rank> saw;
  std::size_t most = 0;
  bool nameless = false;
  for (const Rank rank : record.ranks.indices()) {
    const auto& result = record.ranks[rank].result;
    if (!result) continue;
    if (result->contributions.count > 0)
      guilty[rank] = fault_words(result->contributions.ranges.front()) + ", as its own buffer shows";
    if (result->sums.count > 0) saw.push_back(rank);
    most = std::max(most, result->sums.count);
  }
  for (const Rank witness : saw)
    for (const WrongRange& range : record.ranks[witness].result->sums.ranges) {
      if (!range.index || *range.index >= static_cast<int>(record.ranks.size())) {
        nameless = true;
        continue;
      }
      guilty.try_emplace(Rank{*range.index}, fmt::format("{}, as {} of {} ranks saw", fault_words(range),
                                                         saw.size(), record.ranks.size()));
    }
  if (guilty.empty() && saw.empty()) return {};
  // If sums are wrong on a few ranks only, they were right before they came to these ranks.
  if (guilty.empty() && nameless && saw.size() * 2 < record.ranks.size())
    for (const Rank rank : saw) {
      const WrongRange& range = record.ranks[rank].result->sums.ranges.front();
      guilty[rank] =
          fmt::format("its sums alone are wrong, in {} (first {:#x}, expected {:#x})", range_words(range),
                      static_cast<std::uint64_t>(range.value), static_cast<std::uint64_t>(range.expected));
    }
  finding.suspects = accuse(settings, guilty, false);
  finding.reason = fmt::format("{} wrong element{} in the sums of {}", most, most == 1 ? "" : "s",
                               saw.size() == record.ranks.size() ? "every rank"
                               : saw.empty()                     ? "no rank"
                                                                 : describe_ranks(settings, saw));
  if (!guilty.empty())
    finding.reason += fmt::format(": rank {} ({}): {}", guilty.begin()->first.value,
                                  host_of(settings, guilty.begin()->first), guilty.begin()->second);
  return finding;
}

}  // namespace smlaunch
