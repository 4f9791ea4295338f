// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/job_status.hpp"

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
  // Nobody tells of the start of a rank without a channel.
  if (rank.pid > 0 || rank.detached) return RankStage::running;
  return rank.joined ? RankStage::joined : RankStage::waiting;
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
