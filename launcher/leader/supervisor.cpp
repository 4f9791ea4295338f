// SPDX-License-Identifier: Apache-2.0
// joining -> running -> stopping -> releasing -> finished. A rank that fails stops the others. A request from
// outside stops all. Agents leave only when every rank is done, so that no report is lost. Then the engine
// has nothing to do and ends.
#include "launcher/leader/supervisor.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

#include "launcher/outcome/record_entries.hpp"

#include "launcher/process/stop_signals.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

// After SIGKILL, a rank counts as lost if its agent does not report its end in this time.
constexpr milliseconds kill_bound{5000};
// When all went well, an engine ends by itself after its agents have left. After a failure nobody needs it
// any more; after a second SIGTERM, mpirun drops everything.
constexpr milliseconds engine_bound{1000};
// So long after the last agent's end, mpirun and its daemons have taken note of it. A daemon that is told earlier to
// end its processes needs two seconds for that.
constexpr milliseconds note_bound{100};
// When mpirun ends a job, it gives its processes a second.
constexpr milliseconds engine_abort_bound{3000};

// A fault that comes again and again fills no report.
constexpr std::size_t most_device_facts = 300;

void keep(const std::vector<DeviceFact>& facts, std::vector<DeviceFact>& kept) {
  for (const DeviceFact& fact : facts)
    if (kept.size() < most_device_facts) kept.push_back(fact);
}

}  // namespace

Supervisor::Supervisor(const SupervisorSettings& settings) : settings_(settings) {
  record_.ranks = Indexed<Rank, RankRecord>(static_cast<std::size_t>(settings.world_size));
  record_.shares = settings.shares;
  record_.leader_host = settings.leader_host;
  record_.engine = settings.engine;
}

std::vector<Action> Supervisor::begin() {
  return {SetTimer{.timer = Timer::start_deadline, .length = settings_.start_deadline}};
}

std::vector<Action> Supervisor::on(const Event& event) {
  Actions actions;
  if (phase_ == Phase::finished) return actions;
  const auto rank = [&](Rank r) -> RankRecord& { return record_.ranks[r]; };
  if (const auto* e = std::get_if<AgentJoined>(&event)) joined(e->rank, actions);
  if (const auto* e = std::get_if<RankDetached>(&event)) {
    rank(e->rank).detached = true;
    joined(e->rank, actions);
  }
  if (const auto* e = std::get_if<RankStarted>(&event)) rank(e->rank).pid = e->pid;
  if (const auto* e = std::get_if<RankEnded>(&event)) ended(*e, actions);
  if (const auto* e = std::get_if<EngineEnded>(&event)) engine_ended(*e, actions);
  if (const auto* e = std::get_if<DaemonsMissing>(&event)) record_.missing_daemons = e->hosts;
  if (const auto* e = std::get_if<StopRequested>(&event)) stop_requested(*e, actions);
  if (const auto* e = std::get_if<SignalPassed>(&event); e != nullptr && ranks_run())
    actions.emplace_back(PassSignalOn{e->signal});
  if (const auto* e = std::get_if<RankLeftRunning>(&event)) rank(e->rank).left_running = e->processes;
  if (const auto* e = std::get_if<StarterRankTold>(&event)) starter_rank_told(*e, actions);
  if (const auto* e = std::get_if<Silent>(&event)) silent(e->silence, actions);
  if (const auto* e = std::get_if<RankProgressed>(&event)) progressed(*e);
  if (const auto* e = std::get_if<DevicesReported>(&event)) keep(e->facts, record_.devices);
  if (const auto* e = std::get_if<RankInspected>(&event)) inspected(*e);
  if (const auto* e = std::get_if<TimerExpired>(&event)) expired(*e, actions);
  if (const auto* e = std::get_if<AgentLeft>(&event)) rank(e->rank).left = true;
  if (const auto* e = std::get_if<RankNotStarted>(&event)) {
    rank(e->rank).not_started = e->reason;
    stop(SIGTERM, settings_.failure_grace, actions);
  }
  if (const auto* e = std::get_if<AgentLost>(&event); e != nullptr) {
    rank(e->rank).left = true;
    if (!rank(e->rank).done()) {
      rank(e->rank).loss = e->loss;
      rank(e->rank).times.seconds = e->seconds;
      stop(SIGTERM, settings_.failure_grace, actions);
    }
  }
  if (const auto* e = std::get_if<WorkerLost>(&event); e != nullptr && phase_ != Phase::releasing) {
    if (!record_.worker_loss) record_.worker_loss = e->loss;
    stop(SIGTERM, settings_.failure_grace, actions);
  }
  settle(actions);
  return actions;
}

void Supervisor::joined(Rank rank, Actions& actions) {
  record_.ranks[rank].joined = true;
  left_.look_again_at(rank);
  if (phase_ != Phase::joining) return;
  if (!joined_.are(record_.ranks, [](const RankRecord& r) { return r.joined; })) return;
  record_.started = true;
  phase_ = Phase::running;
  actions.emplace_back(StartRanks{});
}

void Supervisor::ended(const RankEnded& event, Actions& actions) {
  RankRecord& rank = record_.ranks[event.rank];
  rank.end = event.end;
  rank.times = event.times;
  // We have told nobody to stop. Its agent was told by the death of the engine, or by somebody on its host.
  const bool by_others = event.end.told_to_stop && phase_ == Phase::running && !inspecting_;
  if (by_others) rank.loss = EndedByOthers{};
  if (by_others || (!succeeded(event.end.status) && !event.end.told_to_stop))
    stop(SIGTERM, settings_.failure_grace, actions);
}

// A rank may have been started again before we are told the end of its earlier process. If nobody has seen how a rank
// ended, its end is told a second time, when the starter says how. It may be an earlier failure than the failure that
// we know: the starter may have stopped that rank for it.
void Supervisor::starter_rank_told(const StarterRankTold& event, Actions& actions) {
  if (failed_of_starter_ && failed_of_starter_->rank == event.rank) return;
  auto& of_starter = record_.ranks[event.starter].of_starter;
  StartedRank& known = of_starter[event.rank];
  if (event.now.has_ended && event.now.pid != known.pid) return;
  const bool was_told_to_stop =
      known.has_ended ? known.told_to_stop : phase_ != Phase::running || inspecting_;
  ProgressValues progress = std::move(known.progress);
  known = event.now;
  known.progress = std::move(progress);
  if (!known.has_ended) return;
  known.told_to_stop = was_told_to_stop;
  const bool has_failed = known.status && !succeeded(*known.status) && !known.told_to_stop;
  if (!has_failed || !event.is_final) return;
  if (!failed_of_starter_) {
    failed_of_starter_ = FailedOfStarter{.starter = event.starter, .rank = event.rank};
    actions.emplace_back(SetTimer{.timer = Timer::starter_end, .length = settings_.failure_grace});
  } else if (failed_of_starter_->starter == event.starter && !record_.failed_of_starter &&
             known.seconds < of_starter.at(failed_of_starter_->rank).seconds) {
    failed_of_starter_->rank = event.rank;
  }
}

// A torchrun whose rank has failed says so and ends. But first it waits for the torchruns of the other hosts, and their
// ranks may wait for ever for the failed rank.
void Supervisor::stop_starters(Actions& actions) {
  if (phase_ != Phase::running || record_.ranks[failed_of_starter_->starter].done()) return;
  record_.failed_of_starter = failed_of_starter_;
  stop(SIGTERM, settings_.failure_grace, actions);
}

bool Supervisor::all_done() {
  return done_.are(record_.ranks, [](const RankRecord& r) { return r.done(); });
}

bool Supervisor::any_detached() const {
  return std::any_of(record_.ranks.begin(), record_.ranks.end(),
                     [](const RankRecord& r) { return r.detached; });
}

void Supervisor::progressed(const RankProgressed& event) {
  RankRecord& entry = record_.ranks[event.rank];
  const bool is_of_starter = event.told_by && record_.shares.has(event.rank);
  ProgressValues& own = is_of_starter ? entry.of_starter[*event.told_by].progress : entry.progress;
  Progress all{.beats = 1, .values = std::move(own)};
  all.add(event.progress);
  own = std::move(all.values);
  if (event.progress.ask)
    record_.asked = {.rank = event.told_by.value_or(first_rank_of_entry(record_, event.rank)),
                     .ask = *event.progress.ask,
                     .host = event.host};
  record_.progress = {.rank = event.told_by, .host = event.host, .seconds = event.seconds, .values = own};
}

void Supervisor::stop_requested(const StopRequested& event, Actions& actions) {
  const bool again = record_.stop_signal.has_value();
  // A scheduler signals us and the agents at once. Their signal may come first.
  const bool agents_knew = phase_ == Phase::releasing && ends_by_itself();
  if (!again && (phase_ != Phase::releasing || agents_knew)) record_.stop_signal = event.signal;
  if (phase_ == Phase::joining) {
    release(actions);
    actions.emplace_back(EndEngine{SIGTERM});
    return;
  }
  if (phase_ == Phase::releasing) {
    actions.emplace_back(EndEngine{agents_knew && !again ? SIGTERM : SIGKILL});
    return;
  }
  if (again) {
    actions.emplace_back(SignalRanks{SIGKILL});
    actions.emplace_back(SetTimer{.timer = Timer::give_up, .length = kill_bound});
    return;
  }
  // A failure may have begun to stop the ranks already: its shorter grace stands.
  const bool was_running = phase_ == Phase::running;
  const int signal = signal_for_ranks(event.signal);
  stop(signal, settings_.stop_grace, actions);
  if (!was_running) actions.emplace_back(SignalRanks{signal});
}

void Supervisor::stop(int signal, milliseconds grace, Actions& actions) {
  if (phase_ == Phase::joining) {
    release(actions);
    actions.emplace_back(EndEngine{SIGTERM});
  }
  if (phase_ != Phase::running) return;
  phase_ = Phase::stopping;
  if (all_done()) return;
  // Ranks without a channel can only be stopped through mpirun, which leaves them a second.
  if (any_detached()) actions.emplace_back(EndEngine{SIGTERM});
  actions.emplace_back(SignalRanks{signal});
  actions.emplace_back(SetTimer{.timer = Timer::grace, .length = grace});
}

bool Supervisor::failed() const {
  return record_.stop_signal || record_.worker_loss || record_.engine_failure ||
         !std::all_of(record_.ranks.begin(), record_.ranks.end(),
                      [](const RankRecord& rank) { return rank.ended_well(); });
}

void Supervisor::expired(const TimerExpired& event, Actions& actions) {
  switch (event.timer) {
    case Timer::start_deadline:
      if (phase_ != Phase::joining) return;
      record_.start_timed_out = true;
      release(actions);
      actions.emplace_back(EndEngine{SIGTERM});
      return;
    case Timer::grace:
      if (phase_ != Phase::stopping) return;
      actions.emplace_back(SignalRanks{SIGKILL});
      actions.emplace_back(SetTimer{.timer = Timer::give_up, .length = kill_bound});
      return;
    case Timer::give_up:
      if (phase_ != Phase::stopping) return;
      for (RankRecord& rank : record_.ranks)
        if (!rank.done()) rank.loss = OutlivedKill{};
      return;
    case Timer::look:
      if (looking_) end_look(actions);
      return;
    case Timer::inspection:
      if (inspecting_) stop(SIGTERM, settings_.failure_grace, actions);
      return;
    case Timer::starter_end: return stop_starters(actions);
    case Timer::engine_exit:
      if (phase_ != Phase::releasing) return;
      end_engine(actions);
      return;
  }
}

void Supervisor::settle(Actions& actions) {
  const auto all_looked_at = [&] {
    return looked_at_.are(record_.ranks,
                          [](const RankRecord& r) { return (r.state && !r.state->more_comes) || r.done(); });
  };
  if (looking_ && all_looked_at()) end_look(actions);
  if (inspecting_ && phase_ == Phase::running && all_looked_at() && !all_done())
    stop(SIGTERM, settings_.failure_grace, actions);
  if (phase_ == Phase::running || phase_ == Phase::stopping) {
    if (!all_done()) {
      release_for_detached(actions);
      return;
    }
    release(actions);
  }
  if (phase_ == Phase::releasing && !engine_ended_ && !all_left_) {
    all_left_ = left_.are(record_.ranks,
                          [](const RankRecord& r) { return r.left || r.detached || r.loss || !r.joined; });
    if (all_left_ && record_.started && engine_signals_ == 0) {
      if (waits_for_words())
        actions.emplace_back(SetTimer{.timer = Timer::engine_exit, .length = engine_abort_bound});
      else if (failed())
        actions.emplace_back(SetTimer{.timer = Timer::engine_exit, .length = note_bound});
      else
        actions.emplace_back(SetTimer{.timer = Timer::engine_exit, .length = engine_bound});
    }
  }
  if (phase_ == Phase::releasing && engine_ended_) {
    phase_ = Phase::finished;
    actions.emplace_back(Finish{});
  }
}

}  // namespace smlaunch
