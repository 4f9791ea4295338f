// SPDX-License-Identifier: Apache-2.0
// mpirun's daemons on the other hosts, until the ranks start: which have come, and whether others still can.
#include <algorithm>

#include "launcher/leader/job_run.hpp"

namespace smlaunch {

namespace {

// The kernel goes through its whole table of connections for it, some milliseconds on a large machine.
constexpr std::uint64_t peers_interval_ns = 100'000'000;

}  // namespace

bool JobRun::awaits_daemons() const {
  return !has_spawned_ && plan_.engine == Engine::mpirun && settings_.find_unconnected;
}

void JobRun::note_peers() {
  if (!awaits_daemons()) return;
  const std::uint64_t now = world_.loop.now_ns();
  if (now < next_peers_ns_) return;
  next_peers_ns_ = now + peers_interval_ns;
  engine_peers_.merge(engine_->peers());
}

// mpirun waits for a daemon that cannot connect to it, and says nothing.
void JobRun::tell_missing_daemons() {
  if (!awaits_daemons()) return;
  engine_peers_.merge(engine_->peers());
  handle(DaemonsMissing{settings_.find_unconnected(engine_peers_)});
}

// The agents come when mpirun has heard of all its daemons. A daemon that has ended before that is missing at the
// deadline, too.
void JobRun::look_for_daemons() {
  if (!awaits_daemons() || is_held_) return;
  const auto& ranks = record().ranks;
  if (std::any_of(ranks.begin(), ranks.end(), [](const RankRecord& rank) { return rank.joined; })) return;
  if (!daemon_wait_.look(world_.loop.now_ns(), engine_->has_children(), !engine_peers_.empty())) return;
  tell_missing_daemons();
  if (!record().missing_daemons.empty()) handle(TimerExpired{Timer::start_deadline});
}

}  // namespace smlaunch
