// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/job_status.hpp"

#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

std::string to_string(JobStage stage) {
  switch (stage) {
    case JobStage::code: return "code";
    case JobStage::ready: return "ready";
    case JobStage::smoke: return "smoke";
    case JobStage::start: return "start";
    case JobStage::run: return "run";
    case JobStage::stop: return "stop";
    case JobStage::end: return "end";
  }
  return "end";
}

std::string to_string(RankStage stage) {
  switch (stage) {
    case RankStage::waiting: return "waiting";
    case RankStage::joined: return "joined";
    case RankStage::running: return "running";
    case RankStage::ended: return "ended";
    case RankStage::stopped: return "stopped";
    case RankStage::failed: return "failed";
    case RankStage::lost: return "lost";
  }
  return "lost";
}

RankStage stage_of(const RankRecord& rank) {
  if (rank.loss) return RankStage::lost;
  if (rank.not_started) return RankStage::failed;
  if (rank.end && succeeded(rank.end->status)) return RankStage::ended;
  if (rank.end) return rank.end->told_to_stop ? RankStage::stopped : RankStage::failed;
  // Without a channel, nobody tells us that the rank has started.
  if (rank.pid > 0 || rank.detached) return RankStage::running;
  return rank.joined ? RankStage::joined : RankStage::waiting;
}

// A rank that has not said that it runs has not started yet.
RankStage stage_of(const RankRecord& starter, Rank rank) {
  const auto found = starter.of_starter.find(rank);
  const StartedRank* known = found == starter.of_starter.end() ? nullptr : &found->second;
  if (known != nullptr && known->status) {
    if (succeeded(*known->status)) return RankStage::ended;
    return known->told_to_stop ? RankStage::stopped : RankStage::failed;
  }
  const RankStage all = stage_of(starter);
  if (all != RankStage::running) return all;
  if (known != nullptr && known->has_ended) return RankStage::ended;
  return known != nullptr && known->pid > 0 ? RankStage::running : RankStage::joined;
}

namespace {

RankStatus status_of(const RankRecord& rank, const std::string& host) {
  return {.host = host,
          .stage = stage_of(rank),
          .pid = rank.pid,
          .end = rank.end ? std::optional(rank.end->status) : std::nullopt,
          .progress = rank.progress};
}

RankStatus status_of(const RankRecord& starter, Rank rank, const std::string& host) {
  RankStatus status{.host = host, .stage = stage_of(starter, rank)};
  const auto found = starter.of_starter.find(rank);
  if (found == starter.of_starter.end()) return status;
  status.pid = found->second.pid;
  status.end = found->second.status;
  status.progress = found->second.progress;
  return status;
}

}  // namespace

void add_ranks(JobStatus& status, const JobRecord& record, const RankHosts& hosts, bool with_ranks) {
  for (const Rank entry : record.ranks.indices()) {
    const RankRecord& rank = record.ranks[entry];
    if (!record.shares.has(entry)) {
      ++status.counts[stage_of(rank)];
      if (with_ranks) status.ranks.push_back(status_of(rank, hosts[entry]));
      continue;
    }
    if (with_ranks)
      status.starters.push_back(
          {.first_rank = record.shares[entry].first, .status = status_of(rank, hosts[entry])});
    for (const Rank each : ranks_of_entry(record, entry)) {
      ++status.counts[stage_of(rank, each)];
      if (with_ranks) status.ranks.push_back(status_of(rank, each, hosts[entry]));
    }
  }
}

int JobStatus::count(RankStage which) const {
  const auto found = counts.find(which);
  return found == counts.end() ? 0 : found->second;
}

int JobStatus::world_size() const {
  int all = 0;
  for (const auto& [which, number] : counts) all += number;
  return all;
}

bool is_named(const JobStatus& status, std::string_view word) {
  if (word.empty()) return false;
  return word == status.id || word == status.name || word == std::to_string(status.pid) ||
         word == status.folder || word == status.working_directory;
}

}  // namespace smlaunch
