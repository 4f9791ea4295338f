// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/rank_activity.hpp"

#include <algorithm>

namespace smlaunch {

void RankActivity::used(Rank rank, std::uint64_t agent_ns, std::uint64_t cpu_ns) {
  if (cpu_ns == 0) return;  // the rank has not started, or has ended
  Samples& samples = cpu_[rank];
  samples.ring[samples.count++ % samples.ring.size()] = {.at_ns = agent_ns, .cpu_ns = cpu_ns};
}

double RankActivity::silent_seconds(std::uint64_t now_ns) const {
  return now_ns <= output_ns_ ? 0.0 : static_cast<double>(now_ns - output_ns_) / 1e9;
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
