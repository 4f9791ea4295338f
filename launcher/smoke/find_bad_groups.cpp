// SPDX-License-Identifier: Apache-2.0
// Evidence from the search: the tests of hosts and of pairs of hosts, or of pairs of ranks on a single host.
#include <fmt/format.h>

#include <algorithm>

#include "launcher/smoke/find_suspects.hpp"

namespace smlaunch {

LocaliserSettings make_localiser_settings(const SmokeSettings& settings, const SmokeRecord& record) {
  LocaliserSettings how;
  how.units = static_cast<int>(settings.hosts.size());
  how.tests_alone = settings.ranks.size() > settings.hosts.size();
  how.judges_speed = is_on_gpus_alone(settings, record);
  if (settings.expected_pair) how.slow_below_gbps = settings.expected_pair->busbw_gbps * 0.5;
  how.all_pairs = settings.all_pairs;
  if (!searches_ranks(settings)) return how;
  how.units = static_cast<int>(settings.ranks.size());
  how.tests_alone = false;
  // Two GPUs of a healthy host may be much nearer to each other than two others.
  how.judges_speed = false;
  how.all_pairs = false;
  return how;
}

std::optional<Finding> find_bad_groups(const SmokeSettings& settings, const SmokeRecord& record) {
  if (!record.searched) return {};
  Finding finding;
  const LocaliserSettings how = make_localiser_settings(settings, record);
  Localiser localiser(how);
  for (const GroupResult& group : record.groups) localiser.add(group);
  const LocaliserFindings found = localiser.findings();
  const bool is_rank = searches_ranks(settings);
  const auto name = [&](TestedUnit unit) {
    return is_rank ? std::to_string(unit.value) : settings.hosts[NodeRank{unit.value}];
  };
  const auto partners = [&](TestedUnit unit) {
    std::vector<std::string> names;
    std::string why;
    for (const GroupResult& group : record.groups) {
      if (std::find(group.units.begin(), group.units.end(), unit) == group.units.end()) continue;
      if (!group.passed() && why.empty()) why = describe_trouble(group);
      names.push_back(group.units.size() == 1
                          ? "alone"
                          : fmt::format("with {}{}", is_rank ? "rank " : "",
                                        name(group.units[group.units[0] == unit ? 1 : 0])));
    }
    return fmt::format("{}fails {}{}", is_rank ? fmt::format("on {}: ", settings.hosts.front()) : "",
                       fmt::join(names, ", "), why.empty() ? "" : " (" + why + ")");
  };
  if (static_cast<int>(found.undecided.size()) == how.units) {
    finding.reason = fmt::format("no two {0} can do it either, so the search accuses none of the {0}",
                                 is_rank ? "ranks" : "hosts");
    return finding;
  }
  const auto accuse_unit = [&](TestedUnit unit, const std::string& more, Confidence confidence) {
    finding.suspects.push_back({.subject = is_rank ? SuspectSubject::rank : SuspectSubject::host,
                                .name = name(unit),
                                .evidence = partners(unit) + more,
                                .confidence = confidence,
                                .nodes = {NodeRank{is_rank ? 0 : unit.value}}});
  };
  for (const TestedUnit unit : found.bad) accuse_unit(unit, "", Confidence::high);
  for (const TestedUnit unit : found.undecided)
    accuse_unit(unit,
                fmt::format(": the fault is its own or its partner's, no good {} was there to tell",
                            is_rank ? "rank" : "host"),
                Confidence::low);
  for (const auto& [a, b] : found.bad_links)
    finding.suspects.push_back({.subject = SuspectSubject::link,
                                .name = fmt::format("{}{} {}", is_rank ? "ranks " : "", name(a), name(b)),
                                .evidence = "the two fail together, and each passes with others",
                                .confidence = Confidence::medium});
  finding.reason =
      found.bad.empty() && found.bad_links.empty() && found.undecided.empty()
          ? fmt::format(
                "no {} and no link was found: {} of {} pairs were tested, which shows a single bad "
                "link with probability {:.2f}",
                is_rank ? "rank" : "host", found.pairs_tested, found.pairs_possible, found.coverage())
          : fmt::format("{} of {} pairs of good {} were tested", found.pairs_tested, found.pairs_possible,
                        is_rank ? "ranks" : "hosts");
  if (record.search_cut_short) finding.reason += "; the search was cut short by its time";
  return finding;
}

}  // namespace smlaunch
