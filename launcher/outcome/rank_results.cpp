// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/rank_results.hpp"

#include <algorithm>

namespace smlaunch {

namespace {

RankResult result_of_record(const Report& report, Rank each) {
  const RankRecord& record = report.ranks[each];
  return {.rank = each,
          .host = report.hosts[each],
          .pid = record.pid,
          .status = record.end ? std::optional(record.end->status) : std::nullopt,
          .seconds = record.times.seconds,
          .cause = report.outcome.causes.has(each) ? report.outcome.causes[each] : Cause::own};
}

bool is_first(Rank rank, const std::optional<FirstFailure>& first) {
  return first && first->rank == rank && !first->is_of_starter;
}

// torchrun ends all its ranks when one of them has failed, and ends itself with 0 only when all have.
Cause cause_of(const RankResult& rank, const RankResult& starter, const std::optional<FirstFailure>& first) {
  if (is_first(rank.rank, first)) return Cause::own;
  if (rank.status && succeeded(*rank.status)) return Cause::own;
  if (starter.cause != Cause::own) return starter.cause;
  const bool is_tied = first && std::find(first->tied_with.begin(), first->tied_with.end(), rank.rank) !=
                                    first->tied_with.end();
  return first && !is_tied ? Cause::collateral : Cause::own;
}

RankResult result_of_rank(const Report& report, Rank rank, Rank of) {
  const RankResult starter = result_of_record(report, of);
  const auto& first = report.outcome.first_failure;
  RankResult result{.rank = rank, .host = starter.host, .seconds = starter.seconds};
  const auto& told = report.ranks[of].of_starter;
  if (const auto found = told.find(rank); found != told.end()) {
    result.pid = found->second.pid;
    result.status = found->second.status;
    if (found->second.has_ended) result.seconds = found->second.seconds;
  }
  // The starter tells what nobody has seen.
  if (!result.status && is_first(rank, first)) result.status = first->status();
  if (!result.status && starter.status && succeeded(*starter.status)) result.status = starter.status;
  result.cause = cause_of(result, starter, first);
  return result;
}

}  // namespace

std::vector<RankResult> find_rank_results(const Report& report) {
  std::vector<RankResult> results;
  for (const Rank each : report.ranks.indices()) {
    if (!report.shares.has(each)) {
      results.push_back(result_of_record(report, each));
      continue;
    }
    const RanksOfStarter& share = report.shares[each];
    for (int i = 0; i < share.count; ++i)
      results.push_back(result_of_rank(report, Rank{share.first.value + i}, each));
  }
  return results;
}

std::vector<RankResult> find_starter_results(const Report& report) {
  std::vector<RankResult> results;
  for (const Rank each : report.ranks.indices())
    if (report.shares.has(each)) {
      results.push_back(result_of_record(report, each));
      results.back().rank = report.shares[each].first;
    }
  return results;
}

Rank find_leaver(const Report& report, Rank record, const LeftProcess& process) {
  if (!report.shares.has(record)) return record;
  const RanksOfStarter& share = report.shares[record];
  const int rank = process.rank.value_or(-1);
  return rank >= share.first.value && rank < share.first.value + share.count ? Rank{rank} : share.first;
}

}  // namespace smlaunch
