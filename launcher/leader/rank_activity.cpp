// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/rank_activity.hpp"

namespace smlaunch {

void RankActivity::used(Rank rank, std::uint64_t agent_ns, std::uint64_t cpu_ns) {
  if (cpu_ns == 0) return;  // the rank has not started, or has ended
  Samples& samples = cpu_[rank];
  samples.ring[samples.count++ % samples.ring.size()] = {.at_ns = agent_ns, .cpu_ns = cpu_ns};
}

void RankActivity::printed(Rank rank, std::uint64_t ns) {
  if (has_pattern_ || has_told_[rank] != 0) return;
  has_printed_ = true;
  forget(ns);
}

void RankActivity::progressed(Rank rank, std::uint64_t ns) {
  has_told_[rank] = 1;
  has_progressed_ = true;
  forget(ns);
}

JobSilence RankActivity::silence(std::uint64_t now_ns) const {
  return {.seconds = now_ns <= since_ns_ ? 0.0 : static_cast<double>(now_ns - since_ns_) / 1e9,
          .has_begun = has_printed_ || has_progressed_,
          .counts_output = !has_pattern_ && !has_progressed_};
}

std::optional<double> RankActivity::cores_used(Rank rank) const {
  const Samples& samples = cpu_[rank];
  if (samples.count < 2) return {};
  const std::size_t size = samples.ring.size();
  const Sample& last = samples.ring[(samples.count - 1) % size];
  const Sample& first = samples.ring[samples.count > size ? samples.count % size : 0];
  if (last.at_ns <= first.at_ns || last.cpu_ns < first.cpu_ns) return {};
  return static_cast<double>(last.cpu_ns - first.cpu_ns) / static_cast<double>(last.at_ns - first.at_ns);
}

}  // namespace smlaunch
