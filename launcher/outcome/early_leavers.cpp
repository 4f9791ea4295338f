// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/early_leavers.hpp"

#include <algorithm>
#include <csignal>

#include "launcher/evidence/failure_reason.hpp"
#include "launcher/evidence/peer_loss.hpp"
#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

namespace {

// A process that leaves may close its connections so long before it ends: an interpreter takes itself apart. Its
// peers notice at once, and have their traceback first.
constexpr double longest_way_out = 60;

// Nobody reads what it writes any more, and it has said nothing else.
bool wrote_to_nobody(const RankEnd& end) {
  const auto* signaled = std::get_if<Signaled>(&end.status);
  if (signaled == nullptr || signaled->signal != SIGPIPE) return false;
  const auto reason = find_reason(end.last_lines);
  return !reason || !reason->is_error;
}

// Until when a rank that left may have been the peer.
double latest_end_of_peer(const RankRecord& failed, Rank rank) {
  double end = failed.times.seconds;
  if (const auto started = failed.of_starter.find(rank);
      started != failed.of_starter.end() && started->second.has_ended)
    end = started->second.seconds;
  const double noticed = failed.times.traceback_seconds.value_or(end);
  return std::min(end, noticed + longest_way_out) + wake_up_uncertainty + failed.times.uncertainty;
}

std::vector<EarlyLeaver> find_leavers_of_entry(const JobRecord& record, Rank entry) {
  const RankRecord& of = record.ranks[entry];
  std::vector<EarlyLeaver> left;
  for (const auto& [rank, started] : of.of_starter)
    if (started.status && succeeded(*started.status) && !started.told_to_stop)
      left.push_back({.rank = rank, .entry = entry, .seconds = started.seconds, .is_started = true});
  if (!of.of_starter.empty() || !of.ended_well() || of.told_to_stop()) return left;
  // A rank that has lost its peer, too, and ends well all the same is not the peer.
  if (!fails_for_peer(of.end->last_lines))
    left.push_back({.rank = first_rank_of_entry(record, entry), .entry = entry, .seconds = of.times.seconds});
  return left;
}

}  // namespace

std::vector<EarlyLeaver> find_early_leavers(const JobRecord& record, const FirstFailure& failure) {
  if (!failure.end || failure.before_its_end) return {};
  if (!fails_for_peer(failure.end->last_lines) && !wrote_to_nobody(*failure.end)) return {};
  const double latest = latest_end_of_peer(record.ranks[failure.entry], failure.rank);
  std::vector<EarlyLeaver> left;
  for (const Rank entry : record.ranks.indices())
    for (const EarlyLeaver& each : find_leavers_of_entry(record, entry))
      if (each.seconds <= latest + record.ranks[entry].times.uncertainty) left.push_back(each);
  std::stable_sort(left.begin(), left.end(),
                   [](const EarlyLeaver& a, const EarlyLeaver& b) { return a.seconds < b.seconds; });
  return left;
}

FirstFailure make_failure_of(const JobRecord& record, const EarlyLeaver& leaver, const RankHosts& hosts) {
  FirstFailure failure = make_failure_of(record, leaver.entry, hosts);
  if (!leaver.is_started) return failure;
  failure.rank = leaver.rank;
  failure.seconds = leaver.seconds;
  failure.end = RankEnd{};
  failure.is_of_starter = false;
  return failure;
}

}  // namespace smlaunch
