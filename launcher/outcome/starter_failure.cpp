// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/starter_failure.hpp"

#include <algorithm>
#include <csignal>

#include "launcher/evidence/torchrun_failure.hpp"

namespace smlaunch {

std::optional<StarterFailure> find_starter_failure(const RankEnd& torchrun) {
  const auto failures = find_torchrun_failures(torchrun.last_lines);
  if (failures.empty()) return {};
  const auto whose = torchrun.failed_rank;
  auto cause = std::find_if(failures.begin(), failures.end(),
                            [&](const TorchrunFailure& each) { return !whose || each.rank == *whose; });
  if (cause == failures.end()) cause = failures.begin();
  if (succeeded(cause->status)) return {};
  StarterFailure found{
      .rank = Rank{cause->rank}, .status = cause->status, .has_own_lines = whose.has_value()};
  if (cause != failures.begin()) found.named_instead = Rank{failures.front().rank};
  for (const TorchrunFailure& each : failures) {
    if (std::holds_alternative<Exited>(each.status)) found.exited.push_back(Rank{each.rank});
    // torchrun stops the others by SIGTERM.
    if (each.rank != cause->rank &&
        each.status != ExitStatus{Signaled{.signal = SIGTERM, .core_dumped = false}})
      found.may_be_first.push_back(Rank{each.rank});
  }
  std::sort(found.exited.begin(), found.exited.end());
  return found;
}

std::optional<Rank> find_failed_rank(const JobRecord& record, Rank starter) {
  const RankRecord& of = record.ranks[starter];
  const bool is_first = record.failed_of_starter->starter == starter;
  const auto has_failed = [&](Rank rank) {
    const auto known = of.of_starter.find(rank);
    if (known == of.of_starter.end() || (is_first && known->second.told_to_stop)) return false;
    return known->second.status && !succeeded(*known->second.status);
  };
  // The rank that its agent tells of has a reason of its own, if any has.
  if (of.end && of.end->failed_rank && has_failed(Rank{*of.end->failed_rank}))
    return Rank{*of.end->failed_rank};
  return is_first ? std::optional(record.failed_of_starter->rank) : std::nullopt;
}

JobRecord make_record_of_ranks(const JobRecord& record) {
  JobRecord made = record;
  for (const Rank starter : record.ranks.indices()) {
    const auto failed = find_failed_rank(record, starter);
    if (!failed) continue;
    const StartedRank& known = record.ranks[starter].of_starter.at(*failed);
    RankRecord& judged = made.ranks[starter];
    if (!judged.end) judged.end = RankEnd{};
    // Another rank's lines are not its own.
    if (judged.end->failed_rank && *judged.end->failed_rank != failed->value) judged.end->last_lines.clear();
    judged.end->status = *known.status;
    judged.end->told_to_stop = known.told_to_stop;
    judged.times.seconds = known.seconds;
    judged.loss.reset();
  }
  return made;
}

}  // namespace smlaunch
