// SPDX-License-Identifier: Apache-2.0
// What is told first is what is surest: ranks that came to different collectives; then a rank that has not come and
// waits for nobody itself; then a rank of which nothing is known; then ranks that wait for each other.
#include "launcher/inspect/hang_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "launcher/inspect/collective_waits.hpp"
#include "launcher/inspect/ras_status.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_in_circle = 4;
constexpr std::size_t most_groups_told = 16;

using Views = std::vector<RankView>;
using Indices = std::vector<std::size_t>;

// "all_reduce 1204 of the default group"
std::string in_words(const NamedCollective& named) {
  std::string words = !named.op.empty() ? named.op : named.sequence ? "collective" : "a collective";
  if (named.sequence) words += fmt::format(" {}", *named.sequence);
  if (!named.group.empty()) words += " of " + group_in_words(named.group);
  return words;
}

// As people know them, or whose agents have told.
std::vector<Rank> ranks_of(const Views& views, const Indices& indices, Rank RankView::*number) {
  std::set<Rank> ranks;
  for (const std::size_t i : indices) ranks.insert(views[i].*number);
  return {ranks.begin(), ranks.end()};
}

std::string count_waiting(const Wait& wait) {
  const std::size_t count = wait.waiting.size();
  if (wait.is_only_begun) return fmt::format("which {} rank{} begun", count, count == 1 ? " has" : "s have");
  return fmt::format("in which {} rank{}", count, count == 1 ? " waits" : "s wait");
}

class Comparison {
 public:
  explicit Comparison(const Views& views)
      : views_(views),
        groups_(find_groups(views)),
        waits_(find_waits(views, groups_)),
        groups_of_(views.size()),
        waits_of_(views.size()) {
    for (std::size_t group = 0; group < groups_.size(); ++group)
      for (std::size_t member = 0; member < groups_[group].members.size(); ++member)
        groups_of_[groups_[group].members[member].view].emplace_back(group, member);
    for (std::size_t wait = 0; wait < waits_.size(); ++wait)
      if (!waits_[wait].is_only_begun)
        for (const std::size_t view : waits_[wait].waiting) waits_of_[view].push_back(wait);
  }

  [[nodiscard]] HangEvidence conclude() const {
    HangEvidence evidence;
    for (const Wait& wait : waits_)
      if (!wait.is_only_begun)
        evidence.waiting.push_back(
            {.in = wait.in, .ranks = ranks_of(views_, wait.waiting, &RankView::shown)});
    for (const std::size_t i : all_missing())
      evidence.missing.push_back({.rank = views_[i].shown, .host = views_[i].host, .where = views_[i].where});
    for (std::size_t i = 0; i < views_.size(); ++i) evidence.ranks.push_back(standing_of(i));
    Indices pointed_at;
    evidence.sentence = tell_differences(pointed_at);
    if (evidence.sentence.empty()) evidence.sentence = tell_absent(pointed_at);
    if (evidence.sentence.empty()) evidence.sentence = tell_unknown(pointed_at);
    if (evidence.sentence.empty()) evidence.sentence = tell_circle(pointed_at);
    if (evidence.sentence.empty()) evidence.sentence = tell_all_there();
    evidence.pointed_at = ranks_of(views_, pointed_at, &RankView::rank);
    return evidence;
  }

 private:
  // Has not come, and waits for nobody.
  [[nodiscard]] Indices free_absent(const Wait& wait) const {
    Indices found;
    for (const std::size_t i : wait.absent)
      if (waits_of_[i].empty()) found.push_back(i);
    return found;
  }

  // In the order of the ranks; those that wait themselves only if there are no others.
  [[nodiscard]] std::set<std::size_t> all_missing() const {
    std::set<std::size_t> found;
    for (const Wait& wait : waits_)
      for (const std::size_t i : free_absent(wait)) found.insert(i);
    if (found.empty())
      for (const Wait& wait : waits_) found.insert(wait.absent.begin(), wait.absent.end());
    return found;
  }

  // The wait that concerns most ranks, of those for which `chosen` names some.
  template <class Chosen>
  [[nodiscard]] const Wait* largest(Chosen chosen) const {
    const Wait* best = nullptr;
    for (const Wait& wait : waits_)
      if (!chosen(wait).empty() && (best == nullptr || wait.waiting.size() > best->waiting.size()))
        best = &wait;
    return best;
  }

  // Each place once: "it is in a (x.py:1)", "rank 3 is in a (x.py:1); rank 4 had exited …".
  [[nodiscard]] std::string whereabouts(const Indices& named) const {
    constexpr std::size_t most_places = 3;
    const std::string& first = views_[named.front()].where;
    const bool are_together = std::all_of(named.begin(), named.end(), [&](std::size_t i) {
      return views_[i].where == first && views_[i].told.has_value() == views_[named.front()].told.has_value();
    });
    if (named.size() == 1) return describe_whereabouts(views_[named.front()], "it");
    if (are_together) return describe_whereabouts(views_[named.front()], "each of them");
    std::string text;
    for (std::size_t i = 0; i < named.size() && i < most_places; ++i)
      text += (i == 0 ? "" : "; ") + describe_whereabouts(views_[named[i]], name_views(views_, {named[i]}));
    return text;
  }

  [[nodiscard]] std::string tell_absent(Indices& pointed_at) const {
    const Wait* wait = largest([&](const Wait& each) { return free_absent(each); });
    if (wait == nullptr) return "";
    pointed_at = free_absent(*wait);
    std::string text = fmt::format("{} {} not come to {}, {}; {}", name_views(views_, pointed_at),
                                   pointed_at.size() == 1 ? "has" : "have", in_words(wait->in),
                                   count_waiting(*wait), whereabouts(pointed_at));
    if (!wait->unknown.empty())
      text += fmt::format("; whether {} {} come is not known", name_views(views_, wait->unknown),
                          wait->unknown.size() == 1 ? "has" : "have");
    return text;
  }

  [[nodiscard]] std::string tell_unknown(Indices& pointed_at) const {
    const Wait* wait = largest([](const Wait& each) { return each.unknown; });
    if (wait == nullptr) return "";
    pointed_at = wait->unknown;
    return fmt::format("{} rank{} in {}; {} {} not answer, and whether {} come is not known: {}",
                       wait->waiting.size(), wait->waiting.size() == 1 ? " waits" : "s wait",
                       in_words(wait->in), name_views(views_, pointed_at),
                       pointed_at.size() == 1 ? "does" : "do",
                       pointed_at.size() == 1 ? "it has" : "they have", whereabouts(pointed_at));
  }

  // Fewer ranks are rather wrong than many.
  [[nodiscard]] std::string tell_differences(Indices& pointed_at) const {
    const Wait* wait = nullptr;
    for (const Wait& each : waits_)
      if (each.versions.size() > 1 && wait == nullptr) wait = &each;
    if (wait == nullptr) return "";
    auto versions = wait->versions;
    std::stable_sort(versions.begin(), versions.end(),
                     [](const auto& a, const auto& b) { return a.ranks.size() > b.ranks.size(); });
    const bool are_ops_equal = std::all_of(versions.begin(), versions.end(),
                                           [&](const auto& each) { return each.op == versions.front().op; });
    std::string each_version;
    for (const Wait::Version& each : versions) {
      if (!each_version.empty()) each_version += ", ";
      each_version += name_views(views_, each.ranks);
      if (!are_ops_equal) each_version += " to " + each.op;
      if (!each.sizes.empty()) each_version += " with " + each.sizes;
    }
    const bool has_majority = versions[0].ranks.size() > versions[1].ranks.size();
    for (std::size_t i = has_majority ? 1 : 0; i < versions.size(); ++i)
      pointed_at.insert(pointed_at.end(), versions[i].ranks.begin(), versions[i].ranks.end());
    const std::string what =
        are_ops_equal ? fmt::format("{} with different sizes", in_words(wait->in))
                      : fmt::format("different collectives{} of {}",
                                    wait->in.sequence ? fmt::format(" as number {}", *wait->in.sequence) : "",
                                    group_in_words(wait->in.group));
    return fmt::format("the ranks have come to {}: {}; {}", what, each_version, whereabouts(pointed_at));
  }

  // The first wait of this rank in which somebody is absent.
  [[nodiscard]] const Wait* wait_of(std::size_t view) const {
    for (const std::size_t each : waits_of_[view])
      if (!waits_[each].absent.empty()) return &waits_[each];
    return nullptr;
  }

  [[nodiscard]] std::string tell_circle(Indices& pointed_at) const {
    const auto begin = std::find_if(waits_.begin(), waits_.end(), [](const Wait& each) {
      return !each.absent.empty() && !each.is_only_begun && !each.waiting.empty();
    });
    if (begin == waits_.end()) return "";
    Indices path = {begin->waiting.front()};
    for (;;) {
      const Wait* wait = wait_of(path.back());
      if (wait == nullptr) return "";
      const std::size_t next = wait->absent.front();
      const auto seen = std::find(path.begin(), path.end(), next);
      if (seen == path.end()) {
        path.push_back(next);
        continue;
      }
      path.erase(path.begin(), seen);
      break;
    }
    std::string text = "ranks wait for each other: ";
    for (std::size_t i = 0; i < path.size() && i < most_in_circle; ++i) {
      const Wait* wait = wait_of(path[i]);
      text += fmt::format("{}{} waits in {}, to which {} has not come", i == 0 ? "" : "; ",
                          name_views(views_, {path[i]}), in_words(wait->in),
                          name_views(views_, {wait->absent.front()}));
    }
    pointed_at = path;
    return text;
  }

  [[nodiscard]] std::string tell_all_there() const {
    const Wait* wait = largest([](const Wait& each) { return each.waiting; });
    if (wait == nullptr || wait->is_only_begun) return "";
    const std::string still =
        fmt::format("have come to {}, and {} still wait{} in it", in_words(wait->in),
                    name_views(views_, wait->waiting), wait->waiting.size() == 1 ? "s" : "");
    if (wait->unseen == 0) return "no rank is missing: all " + still;
    return fmt::format("all ranks that have told {}; of {} other{} nothing is known", still, wait->unseen,
                       wait->unseen == 1 ? "" : "s");
  }

  static GroupProgress progress_in(const KnownGroup& group, const GroupStanding& standing) {
    const auto named = [&](std::uint64_t sequence) {
      const SeenCollective* seen = standing.find(sequence);
      return name_collective(group, seen != nullptr ? *seen : SeenCollective{.sequence = sequence});
    };
    GroupProgress progress;
    if (standing.begun.value_or(0) > 0) progress.last_begun = named(*standing.begun);
    if (standing.ended.value_or(0) > 0) progress.last_finished = named(*standing.ended);
    if (standing.waits) progress.waiting_in = name_collective(group, *standing.waits);
    return progress;
  }

  [[nodiscard]] RankStanding standing_of(std::size_t view) const {
    RankStanding standing{
        .rank = views_[view].shown, .state = views_[view].state, .stacks = views_[view].stacks};
    for (const auto& [group_index, member_index] : groups_of_[view]) {
      const KnownGroup& group = groups_[group_index];
      const GroupProgress progress = progress_in(group, group.members[member_index].standing);
      const bool says_more = progress.waiting_in || group.is_default;
      if (says_more && !standing.progress.waiting_in) standing.progress = progress;
      if (progress.last_begun && standing.groups.size() < most_groups_told)
        standing.groups.push_back(progress);
    }
    // Calls that no group counts.
    if (!standing.progress.waiting_in && !waits_of_[view].empty())
      standing.progress.waiting_in = waits_[waits_of_[view].front()].in;
    return standing;
  }

  const Views& views_;
  std::vector<KnownGroup> groups_;
  std::vector<Wait> waits_;
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> groups_of_;  // of a view: group, member
  std::vector<Indices> waits_of_;                                            // of a view
};

std::string in_addition(const std::vector<SilentLink>& links) {
  const std::string text = describe_silent_links(links);
  return text.empty() ? "" : "; " + text;
}

std::vector<Rank> ranks_on(const std::vector<std::string>& hosts, const std::vector<RankLook>& looks) {
  std::set<Rank> ranks;
  for (const RankLook& look : looks)
    if (std::find(hosts.begin(), hosts.end(), look.host) != hosts.end()) ranks.insert(look.rank);
  return {ranks.begin(), ranks.end()};
}

}  // namespace

HangEvidence find_hang_evidence(const std::vector<RankLook>& looks) {
  const Views views = view_ranks(looks);
  HangEvidence evidence = Comparison(views).conclude();
  evidence.silent_links = find_silent_links(looks);
  if (!evidence.sentence.empty()) evidence.sentence += in_addition(evidence.silent_links);
  if (evidence.pointed_at.empty()) {
    evidence.pointed_at = ranks_on(find_suspects(evidence.silent_links), looks);
    evidence.is_only_network = !evidence.pointed_at.empty();
  }
  if (const std::string* answer = choose_ras_answer(looks)) evidence.nccl = find_ras_facts(*answer, looks);
  return evidence;
}

std::string describe_standstill(const std::vector<RankLook>& looks, const HangEvidence& evidence) {
  return evidence.sentence.empty() ? describe_hang(looks) + in_addition(evidence.silent_links)
                                   : evidence.sentence;
}

}  // namespace smlaunch
