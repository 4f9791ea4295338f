// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

std::optional<Rank> find_entry(const JobRecord& record, Rank rank) {
  if (record.shares.empty()) return record.ranks.has(rank) ? std::optional(rank) : std::nullopt;
  for (const Rank entry : record.shares.indices())
    if (record.shares[entry].has(rank)) return entry;
  return {};
}

Rank first_rank_of_entry(const JobRecord& record, Rank entry) {
  return record.shares.has(entry) ? record.shares[entry].first : entry;
}

std::vector<Rank> ranks_of_entry(const JobRecord& record, Rank entry) {
  if (!record.shares.has(entry)) return {entry};
  std::vector<Rank> ranks;
  const RanksOfStarter& share = record.shares[entry];
  for (int i = 0; i < share.count; ++i) ranks.push_back(Rank{share.first.value + i});
  return ranks;
}

const StartedRank* find_started(const JobRecord& record, Rank rank) {
  if (record.shares.empty()) return nullptr;
  const auto entry = find_entry(record, rank);
  if (!entry) return nullptr;
  const auto& started = record.ranks[*entry].of_starter;
  const auto found = started.find(rank);
  return found == started.end() ? nullptr : &found->second;
}

}  // namespace smlaunch
