// SPDX-License-Identifier: Apache-2.0
// What the leader's run does with signals: its own, and those of which workers tell it.
#include <fmt/format.h>

#include <csignal>

#include "launcher/leader/leader_run.hpp"
#include "launcher/process/exit_status.hpp"
#include "launcher/process/stop_signals.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

// How long our messages to the agents may take to leave before we stop ourselves.
constexpr milliseconds suspend_delay{100};
// So long without a ping means that we were stopped: we send a ping every second.
constexpr double shortest_pause_seconds = 3;
// A signal for a whole job reaches every host's smlaunch. The ranks get it once.
constexpr double same_signal_seconds = 2;

bool is_users(int signal) { return signal == SIGUSR1 || signal == SIGUSR2; }

}  // namespace

void LeaderRun::worker_told_to_stop(Peer peer, int signal) {
  if (is_users(signal)) {
    const std::uint64_t last_ns = passed_on_ns_[signal];
    if (last_ns == 0 || seconds_between(last_ns, world_.loop.now_ns()) > same_signal_seconds) pass_on(signal);
    return;
  }
  if (!workers_.holds(peer)) return agent_told_to_stop(rank_of(peer), signal);
  if (signal < 1 || signal > 64 || !workers_.told_to_stop(peer)) return;
  // Whoever stops a whole job tells every host: that is asked for once.
  const bool is_known = worker_signal_ != 0 || late_signal_ != 0;
  worker_signal_ = signal;
  if (is_known) return;
  world_.output.say(fmt::format("{} was told to stop by {}: passed on to every rank", workers_.of(peer).host,
                                signal_name(signal)));
  if (phase_ == Phase::waiting && settings_.stop_ready) settings_.stop_ready(signal, StopBy::worker);
  if (job_run_) request_stop(signal);
  if (phase_ == Phase::smoking) smoke_->stop();
}

// Slurm tells every process of the job: that is asked for once.
void LeaderRun::agent_told_to_stop(Rank rank, int signal) {
  if (plan_.engine == Engine::mpirun || signal != SIGTERM || !job_run_ || job_run_->record().stop_signal)
    return;
  worker_signal_ = signal;  // the host's smlaunch says the same
  world_.output.say(fmt::format("{} was told to stop by {}: passed on to every rank",
                                plan_.cluster.hosts[plan_.layout.ranks[rank].node_rank].name,
                                signal_name(signal)));
  request_stop(signal);
}

bool LeaderRun::ranks_run() const { return phase_ == Phase::running && job_run_->has_spawned(); }

void LeaderRun::passed_signal(int signal) {
  // There is no rank yet. A shell's Ctrl-Z stops us as it stops anybody.
  if (phase_ == Phase::waiting) {
    if (signal == SIGTSTP) world_.stop_ourselves();
    return;
  }
  if (signal == SIGTSTP) return suspend();
  if (signal == SIGCONT) return go_on();
  pass_on(signal);
}

void LeaderRun::pass_on(int signal) {
  passed_on_ns_[signal] = world_.loop.now_ns();
  world_.output.say(fmt::format("{}: {}", signal_name(signal),
                                ranks_run() ? "passed on to every rank that handles it" : "no rank runs"));
  if (ranks_run()) job_run_->pass_on(signal);
}

// We were stopped without a word (SIGSTOP, a debugger, a frozen container): our pause explains the others'
// silence.
void LeaderRun::notice_own_pause() {
  const double seconds = seconds_between(last_ping_ns_, world_.loop.now_ns());
  if (last_ping_ns_ == 0 || seconds < shortest_pause_seconds) return;
  world_.output.say(fmt::format("smlaunch was stopped for {:.0f} s, and goes on", seconds));
  if (job_run_) job_run_->forget_silence();
}

void LeaderRun::suspend() {
  if (phase_ == Phase::smoking) return world_.output.say("SIGTSTP: the smoke test is not stopped");
  if (is_suspended_) return;
  is_suspended_ = true;
  world_.output.show_live("");
  if (ranks_run()) {
    world_.output.say("SIGTSTP: every rank is stopped until SIGCONT comes");
    job_run_->pass_on(SIGSTOP);
    tell_workers(SIGSTOP);
  }
  suspend_timer_->start(suspend_delay, [this] { world_.stop_ourselves(); });
}

// The agents must not believe that we are lost.
void LeaderRun::tell_workers(int signal) {
  for (const WorkerIndex each : workers_.all().indices())
    if (workers_.all()[each].is_connected) world_.channel.pass_on(workers_.peer(each), signal);
}

void LeaderRun::go_on() {
  if (!is_suspended_) return;
  is_suspended_ = false;
  suspend_timer_->cancel();
  if (!ranks_run()) return;
  world_.output.say("SIGCONT: every rank goes on");
  job_run_->forget_silence();
  job_run_->pass_on(SIGCONT);
  tell_workers(SIGCONT);
}

void LeaderRun::stop_signal(int signal) {
  go_on();
  if (phase_ == Phase::waiting && settings_.stop_ready) return settings_.stop_ready(signal, StopBy::us);
  if (phase_ == Phase::smoking) {
    smoke_signal_ = signal;
    world_.output.say(fmt::format("{}: ending the smoke test", signal_name(signal)));
    return smoke_->stop();
  }
  if (phase_ != Phase::running) {
    late_signal_ = signal;
    return;
  }
  const bool is_known = job_run_->record().stop_signal.has_value();
  if (is_known && is_sent_again_by_itself(signal)) return;
  const bool again = is_known && late_signal_ != 0;
  late_signal_ = signal;
  if (is_known && !again)
    return world_.output.say(fmt::format("{}: the ranks are being stopped already", signal_name(signal)));
  world_.output.say(
      again ? fmt::format("{} again: ending every rank now", signal_name(signal))
            : fmt::format("{}: passed on to every rank; those that run in {:.0f} s will be killed",
                          signal_name(signal), static_cast<double>(settings_.stop_grace.count()) / 1000));
  request_stop(signal);
}

// The job was over when the signal came, so the supervisor did nothing about it.
int LeaderRun::late_signal() const { return job_run_ && job_run_->record().stop_signal ? 0 : late_signal_; }

void LeaderRun::request_stop(int signal) {
  if (!stop_asked_) stop_asked_ = std::chrono::steady_clock::now();
  job_run_->request_stop(signal);
}

}  // namespace smlaunch
