// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/hang_outcome.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "launcher/outcome/record_entries.hpp"
#include "launcher/outcome/silence_sentence.hpp"

namespace smlaunch {

namespace {

// The ranks that the report points at; all ranks, where it can tell none from the others.
FirstFailure first_of_hang(const JobRecord& record, const std::vector<RankLook>& looks,
                           const HangEvidence& evidence) {
  std::vector<Rank> odd;
  if (evidence.sentence.empty()) odd = find_odd_ranks(looks);
  const bool is_by_evidence = odd.empty();
  if (odd.empty()) odd = evidence.pointed_at;
  if (odd.empty()) odd = find_odd_ranks(looks);
  if (odd.empty())
    for (const RankLook& look : looks) odd.push_back(look.rank);
  const auto look = std::find_if(looks.begin(), looks.end(),
                                 [&](const RankLook& each) { return each.rank == odd.front(); });
  FirstFailure first{.rank = odd.front(), .host = look->host};
  if (const auto entry = find_entry(record, first.rank)) first.entry = *entry;
  if (!look->ended.empty()) {
    const RankRecord& rank = record.ranks[first.entry];
    const StartedRank* started = find_started(record, first.rank);
    first.end = rank.end;
    first.seconds = rank.times.seconds;
    if (started != nullptr && started->status) {
      first.end = RankEnd{.status = *started->status};
      first.seconds = started->seconds;
    }
  }
  first.certain = odd.size() == 1 && !(is_by_evidence && evidence.is_only_network);
  first.tied_with.assign(odd.begin() + 1, odd.end());
  return first;
}

}  // namespace

Outcome make_hang(const JobRecord& record, const RankHosts& hosts, const std::string& starter) {
  std::vector<RankLook> looks = look_at_ranks(record, hosts, starter);
  HangEvidence evidence = find_hang_evidence(looks);
  Outcome outcome =
      make_failure(FailureClass::hang,
                   fmt::format("the job hangs: {}; {}", describe_silence(*record.hang, record.progress),
                               describe_standstill(looks, evidence)));
  outcome.first_failure = first_of_hang(record, looks, evidence);
  outcome.hang = std::move(looks);
  outcome.hang_evidence = std::move(evidence);
  outcome.hang_seconds = record.hang->seconds;
  return outcome;
}

}  // namespace smlaunch
