// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/rank_clocks.hpp"

namespace smlaunch {

namespace {

double seconds(std::uint64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

void RankClocks::share(Rank rank) { clocks_[rank] = {.offset_ns = 0, .uncertainty = 0, .measured = true}; }

void RankClocks::measure(Rank rank, const Pong& pong, std::uint64_t now_ns) {
  if (now_ns < pong.leader_ns) return;
  Clock& clock = clocks_[rank];
  const std::uint64_t trip = now_ns - pong.leader_ns;
  if (clock.measured && seconds(trip) / 2 >= clock.uncertainty) return;
  clock.measured = true;
  clock.uncertainty = seconds(trip) / 2;
  clock.offset_ns = static_cast<std::int64_t>(pong.agent_ns - (pong.leader_ns + trip / 2));
}

Moment RankClocks::on_our_clock(Rank rank, std::uint64_t agent_ns, std::uint64_t earliest_ns,
                                std::uint64_t arrived_ns) const {
  const Clock& clock = clocks_[rank];
  if (!clock.measured)
    return {.ns = arrived_ns,
            .uncertainty = arrived_ns > earliest_ns ? seconds(arrived_ns - earliest_ns) : 0.0};
  return {.ns = agent_ns - static_cast<std::uint64_t>(clock.offset_ns), .uncertainty = clock.uncertainty};
}

}  // namespace smlaunch
