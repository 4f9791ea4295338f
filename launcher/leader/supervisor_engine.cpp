// SPDX-License-Identifier: Apache-2.0
// How the engine, mpirun or the like, ends: before its time, by itself, or because we end it.
#include <algorithm>
#include <csignal>
#include <iterator>

#include "launcher/leader/supervisor.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

// How long agents may take to end processes that their ranks left behind.
constexpr milliseconds leave_bound{4000};
struct EngineStep {
  int signal;
  milliseconds then;
};
constexpr EngineStep engine_steps[] = {{.signal = SIGTERM, .then = milliseconds(150)},
                                       {.signal = SIGTERM, .then = milliseconds(500)},
                                       {.signal = SIGKILL, .then = milliseconds(1000)}};

}  // namespace

void Supervisor::engine_ended(const EngineEnded& event, Actions& actions) {
  engine_ended_ = true;
  record_.engine_lines = event.last_lines;
  // The engine has ended the ranks before it ended itself.
  const bool was_first = ends_by_itself() && engine_signals_ == 0 && record_.started;
  if (phase_ == Phase::releasing && was_first) {
    record_.engine_failure = event.failure;
    record_.engine_seconds = event.seconds;
  }
  if (phase_ == Phase::releasing) return;
  if (phase_ != Phase::joining && any_detached()) {
    end_detached(event);
    if (all_done()) return;
  }
  record_.engine_failure = event.failure;
  record_.engine_seconds = event.seconds;
  if (phase_ == Phase::joining) {
    release(actions);
    return;
  }
  stop(SIGTERM, settings_.failure_grace, actions);
}

// mpirun ends with the code of the first of its processes that failed, and does not say how the others ended.
void Supervisor::end_detached(const EngineEnded& event) {
  for (RankRecord& rank : record_.ranks) {
    if (!rank.detached || rank.done()) continue;
    if (event.status)
      rank.end = RankEnd{.status = *event.status, .told_to_stop = phase_ == Phase::stopping};
    else
      rank.loss = EndUnknown{describe(event.failure)};
    rank.times.seconds = event.seconds;
  }
}

// We learn of the end of ranks without a channel only from mpirun's end, and mpirun waits for the agents of the others.
void Supervisor::release_for_detached(Actions& actions) {
  if (released_early_) return;
  const bool only_detached_run =
      done_or_detached_.are(record_.ranks, [](const RankRecord& r) { return r.done() || r.detached; });
  if (!only_detached_run) return;
  const bool others_wait = std::any_of(record_.ranks.begin(), record_.ranks.end(),
                                       [](const RankRecord& r) { return !r.detached && !r.left; });
  if (!others_wait) return;
  released_early_ = true;
  actions.emplace_back(ReleaseAgents{.leftover_grace = settings_.leftover_grace});
}

void Supervisor::release(Actions& actions) {
  phase_ = Phase::releasing;
  // An mpirun that has lost one of its processes is ending the others already, in its slow way; if mpirun is gone, its
  // daemons have to notice it.
  const bool has_lost = std::any_of(record_.ranks.begin(), record_.ranks.end(),
                                    [](const RankRecord& rank) { return rank.loss.has_value(); });
  const bool daemons_linger = engine_ended_ || (has_lost && !waits_for_words());
  // After a stop from outside, nobody waits for processes that nobody asked for.
  actions.emplace_back(
      ReleaseAgents{.leftover_grace = record_.stop_signal ? milliseconds(0) : settings_.leftover_grace,
                    .ends_daemons = daemons_linger && record_.started});
  actions.emplace_back(
      SetTimer{.timer = Timer::engine_exit, .length = leave_bound, .after_leftovers = record_.started});
}

void Supervisor::end_engine(Actions& actions) {
  if (engine_signals_ >= static_cast<int>(std::size(engine_steps))) {
    engine_ended_ = true;
    return;
  }
  const EngineStep& step = engine_steps[engine_signals_++];
  actions.emplace_back(EndEngine{step.signal});
  actions.emplace_back(SetTimer{.timer = Timer::engine_exit, .length = step.then});
}

// Somebody else told agents to end: mpirun is ending the job, and will say why.
bool Supervisor::ends_by_itself() const {
  return std::any_of(record_.ranks.begin(), record_.ranks.end(),
                     [](const RankRecord& rank) { return rank.is_lost_by<EndedByOthers>(); });
}

// mpirun's last words alone can tell why it ends the job.
bool Supervisor::waits_for_words() const {
  const bool knows_why =
      record_.worker_loss || std::any_of(record_.ranks.begin(), record_.ranks.end(), [](const RankRecord& r) {
        return r.loss && !r.is_lost_by<EndedByOthers>() && !r.is_lost_by<OutlivedKill>();
      });
  return ends_by_itself() && !knows_why;
}

}  // namespace smlaunch
