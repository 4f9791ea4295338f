// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/start_watch.hpp"

#include <utility>

namespace smlaunch {

namespace {

constexpr std::uint64_t look_interval_ns = 8'000'000'000;
// The kernel goes through its whole table of connections for it, some milliseconds on a large machine.
constexpr std::uint64_t peers_interval_ns = 100'000'000;
// mpirun over SSH needs about 0.2 s a host.
constexpr std::chrono::milliseconds start_bound{60000};
constexpr std::chrono::milliseconds start_bound_per_host{1000};

}  // namespace

std::chrono::milliseconds start_deadline(const LaunchPlan& plan) {
  return start_bound + start_bound_per_host * static_cast<int>(plan.cluster.hosts.size());
}

StartWatch::StartWatch(const LaunchPlan& plan, const RunSettings& settings, EventLoop& loop,
                       const JobEngine& engine, Callbacks callbacks)
    : plan_(plan), settings_(settings), loop_(loop), engine_(engine), callbacks_(std::move(callbacks)) {}

void StartWatch::begin() { next_look_ns_ = loop_.now_ns() + look_interval_ns; }

void StartWatch::look_around(bool is_asking) {
  note_peers();
  if (is_asking) return;
  look_for_daemons();
  if (loop_.now_ns() > next_look_ns_ && may_look()) look_for_lost_hosts();
}

bool StartWatch::waits_for_daemons() const {
  return callbacks_.is_starting() && plan_.engine == Engine::mpirun && settings_.find_unconnected;
}

void StartWatch::note_peers() {
  if (!waits_for_daemons()) return;
  const std::uint64_t now = loop_.now_ns();
  if (now < next_peers_ns_) return;
  next_peers_ns_ = now + peers_interval_ns;
  peers_.merge(engine_.peers());
}

void StartWatch::tell_missing_daemons() {
  if (!waits_for_daemons()) return;
  peers_.merge(engine_.peers());
  callbacks_.happened(DaemonsMissing{settings_.find_unconnected(peers_)});
}

// The agents come when mpirun has heard of all its daemons. A daemon that has ended before that is missing at the
// deadline, too.
void StartWatch::look_for_daemons() {
  if (!waits_for_daemons() || callbacks_.any_agent_came()) return;
  if (!daemon_wait_.look(loop_.now_ns(), engine_.has_children(), !peers_.empty())) return;
  peers_.merge(engine_.peers());
  const std::vector<std::string> missing = settings_.find_unconnected(peers_);
  callbacks_.happened(DaemonsMissing{missing});
  if (!missing.empty()) callbacks_.happened(TimerExpired{Timer::start_deadline});
}

bool StartWatch::may_look() const {
  return callbacks_.is_starting() && settings_.find_lost_hosts && !callbacks_.ends();
}

void StartWatch::look_for_lost_hosts() {
  next_look_ns_ = loop_.now_ns() + look_interval_ns;
  settings_.find_lost_hosts([this](const std::vector<LostHost>& lost) {
    if (may_look()) tell_lost_hosts(lost);
    next_look_ns_ = loop_.now_ns() + look_interval_ns;
  });
}

void StartWatch::tell_lost_hosts(const std::vector<LostHost>& lost) {
  for (const LostHost& each : lost)
    callbacks_.happened(WorkerLost{{.host = each.name, .loss = HostUnreachable{each.reason}}});
}

}  // namespace smlaunch
