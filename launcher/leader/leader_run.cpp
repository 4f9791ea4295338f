// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/leader_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/host_name.hpp"
#include "launcher/channel/token.hpp"
#include "launcher/outcome/failure_sentence.hpp"
#include "launcher/outcome/failure_text.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

constexpr const char* own_loopback = "127.0.0.1";
constexpr const char* any_address = "0.0.0.0";
constexpr const char* any_address_of_both = "::";  // of IPv4 and IPv6
constexpr milliseconds ping_interval{1000};
constexpr milliseconds goodbye_bound{1000};
// So many are told of; who would come in by force fills no log.
constexpr std::size_t most_strangers_told = 8;

std::vector<std::string> names_of(const Cluster& cluster) {
  std::vector<std::string> names;
  for (const Host& host : cluster.hosts) names.push_back(host.name);
  return names;
}

// The number of hosts beside `leader` where all of them have fallen silent; else 0.
std::size_t count_silent_hosts(const WorkerRoster& workers, const std::string& leader) {
  std::size_t silent = 0;
  for (const RosterWorker& worker : workers.all()) {
    if (worker.host == leader) continue;
    const auto* silence = worker.loss ? std::get_if<Silence>(&*worker.loss) : nullptr;
    if (silence == nullptr || silence->is_closed) return 0;
    ++silent;
  }
  return silent;
}

}  // namespace

int count_rank_peers(const LaunchPlan& plan, const RunSettings& settings) {
  return std::max(plan.world_size(), settings.smoke ? settings.smoke->plan.world_size() : 0);
}

LeaderRun::LeaderRun(const LaunchPlan& plan, RunSettings settings, EventLog& events, LeaderWorld world,
                     std::string token)
    : plan_(plan),
      settings_(std::move(settings)),
      events_(events),
      world_(std::move(world)),
      token_(std::move(token)),
      job_(make_nonce()),
      own_host_(probe_host_name()),
      workers_(names_of(plan.cluster), settings_.spare_hosts, Peer{count_rank_peers(plan, settings_)}),
      ping_timer_(world_.loop.make_timer()),
      goodbye_timer_(world_.loop.make_timer()),
      suspend_timer_(world_.loop.make_timer()) {}

LeaderRun::~LeaderRun() = default;

// ---- the phases

Result<void> LeaderRun::listen() {
  world_.channel.set_callbacks(channel_callbacks());
  // Where hosts come by themselves, they know us by some name; which address that is here, they do not say.
  const bool others_come = !settings_.job_token.empty();
  const std::string address = others_come                      ? any_address_of_both
                              : settings_.channel_host.empty() ? any_address
                                                               : settings_.channel_host;
  auto port = world_.channel.listen(address, settings_.channel_port);
  if (!port) {
    if (others_come)
      port.error().problems.push_back({"the other hosts", "wait for this one, and nobody can tell them of it",
                                       "stop them, or they wait for their --ready-timeout"});
    return tl::unexpected(port.error());
  }
  port_ = *port;
  return {};
}

Result<RunResult> LeaderRun::run() {
  world_.loop.post([this] { begin(); });
  world_.loop.run();
  if (start_error_) return tl::unexpected(*start_error_);
  return result();
}

void LeaderRun::begin() {
  if (!settings_.make_ready) return begin_work();
  ping();  // workers that have come hear us while we wait for the others
  const std::uint64_t start_ns = world_.loop.now_ns();
  settings_.make_ready(
      make_hand_over(workers_.hosts(), NodeRank{0}), [this] { return worker_code(); },
      [this, start_ns](ReadyResult ready) {
        hosts_ready(seconds_between(start_ns, world_.loop.now_ns()), std::move(ready));
      });
}

void LeaderRun::hosts_ready(double seconds, ReadyResult ready) {
  outcome_ = std::move(ready.outcome);
  if (settings_.channel_host.empty()) {
    settings_.channel_host = ready.channel_host.empty() ? own_loopback : ready.channel_host;
    world_.channel.keep_to(settings_.channel_host);
  }
  phases_.waited(seconds, ready.slowest_host, ready.slowest_seconds);
  if (const RosterWorker* lost = workers_.find_lost(); lost != nullptr && !outcome_)
    outcome_ = lost_before_start({.host = lost->host, .loss = *lost->loss});
  begin_work();
}

void LeaderRun::begin_work() {
  begin_ns_ = world_.loop.now_ns();
  last_ping_ns_ = 0;
  if (outcome_) return begin_goodbye(*outcome_);
  ping();
  if (settings_.smoke) return begin_smoke();
  begin_job();
}

void LeaderRun::begin_smoke() {
  phase_ = Phase::smoking;
  StartFacts facts{.job = job_,
                   .master_port = {},
                   .leader_environment = own_environment(),
                   .grace = settings_.failure_grace,
                   .lost_after = settings_.lost_after,
                   .restart_count = {}};
  smoke_ = std::make_unique<SmokePhase>(settings_, world_, events_, agent_facts(), std::move(facts),
                                        [this] { world_.loop.post([this] { smoke_finished(); }); });
  smoke_->begin();
}

void LeaderRun::smoke_finished() {
  phases_.smoked(smoke_->seconds());
  auto outcome = interrupted_smoke();
  if (!outcome) outcome = smoke_->judge();
  if (outcome) return begin_goodbye(std::move(*outcome));
  begin_job();
}

// We were told to stop, or a host's smlaunch was lost: then the test proves nothing.
std::optional<Outcome> LeaderRun::interrupted_smoke() const {
  if (const int signal = smoke_signal_ != 0 ? smoke_signal_ : worker_signal_; signal != 0) {
    Outcome stopped =
        make_stopped(signal, fmt::format("stopped by {} during the smoke test", signal_name(signal)));
    stopped.stop_was_asked = true;
    return stopped;
  }
  if (const std::size_t hosts = count_silent_hosts(workers_, plan_.current_host); hosts > 1)
    return make_failure(FailureClass::lost_host, "the job could not be started: " +
                                                     describe_cut_off_leader(plan_.current_host, hosts));
  if (const RosterWorker* lost = workers_.find_lost())
    return lost_before_start({.host = lost->host, .loss = *lost->loss});
  return {};
}

void LeaderRun::begin_job() {
  phase_ = Phase::running;
  job_run_ = std::make_unique<JobRun>(
      plan_, settings_, world_, events_, phases_, agent_facts(),
      JobRun::Callbacks{
          .late_hand_over = [this](NodeRank node_rank) { return make_late_hand_over(node_rank); },
          .finished =
              [this](Outcome outcome) {
                if (!start_error_) begin_goodbye(std::move(outcome));
              }});
  if (auto started = job_run_->begin(); !started) {
    start_error_ = started.error();
    begin_goodbye(make_failure(*start_error_));
  }
}

// Every worker is told the outcome. Connected workers take it at once; a worker that a login or an agent has just told
// where we are may need a moment to come.
void LeaderRun::begin_goodbye(Outcome outcome) {
  phase_ = Phase::goodbye;
  outcome_ = std::move(outcome);
  if (!job_run_) phases_.finished(world_.loop.now_ns());
  note_status(status(true));
  goodbye_ = make_goodbye();
  workers_.begin_goodbye();
  for (const WorkerIndex each : workers_.all().indices())
    if (workers_.all()[each].is_connected) world_.channel.send_outcome(workers_.peer(each), job_end(each));
  if (!workers_.any_connected() && !one_may_come()) return world_.loop.stop();
  goodbye_timer_->start(goodbye_bound, [this] { world_.loop.stop(); });
}

bool LeaderRun::one_may_come() const {
  if (workers_.any_is_on_its_way()) return true;
  const bool has_spawned = job_run_ && job_run_->has_spawned();
  const bool come_by_themselves = !settings_.job_token.empty();
  return settings_.make_ready && !has_spawned && (come_by_themselves || !settings_.worker.empty()) &&
         workers_.any_is_awaited(plan_.current_host);
}

void LeaderRun::ping() {
  if (phase_ != Phase::waiting) notice_own_pause();
  last_ping_ns_ = world_.loop.now_ns();
  world_.channel.ping_all();
  if (phase_ == Phase::running && !is_suspended_) job_run_->look_around();
  show_status();
  ping_timer_->start(ping_interval, [this] { ping(); });
}

// ---- what comes over the channel

LeaderChannel::Callbacks LeaderRun::channel_callbacks() {
  return {.joined = [this](Peer peer, const Hello& hello) { joined(peer, hello); },
          .data = [this](Peer peer, const Frame& frame) { data(peer, frame); },
          .pong = [this](Peer peer, const Pong& told) { pong(peer, told); },
          .stop_requested = [this](Peer peer, int signal) { worker_told_to_stop(peer, signal); },
          .lost = [this](Peer peer, std::uint64_t heard_ns,
                         const std::string& why) { lost(peer, heard_ns, why); },
          .refused = [this](Peer peer, const std::string& what) { refused(peer, what); },
          .left = [this](Peer peer) { left(peer); },
          .stranger = [this](const Stranger& who) { stranger(who); },
          .status_wanted = [this](Peer peer, const StatusWanted& wanted) { tell_worker(peer, wanted); }};
}

void LeaderRun::joined(Peer peer, const Hello& hello) {
  if (workers_.holds(peer)) {
    workers_.joined(peer);
    if (hello.node_rank)
      events_.add({.event = "host_state",
                   .host = workers_.of(peer).host,
                   .texts = {{"state", "come"}, {"name", hello.host}}});
    if (phase_ == Phase::goodbye) world_.channel.send_outcome(peer, job_end(workers_.index(peer)));
  } else if (phase_ == Phase::smoking) {
    smoke_->joined(rank_of(peer));
  } else if (job_run_) {
    job_run_->joined(rank_of(peer), hello);
  }
}

void LeaderRun::data(Peer peer, const Frame& frame) {
  if (workers_.holds(peer)) {
    if (frame.kind == FrameKind::agents_ended) {
      if (const auto end = decode_agents_ended(frame.payload); end && world_.elsewhere != nullptr)
        world_.elsewhere->ended(peer, *end);
      return;
    }
    if (frame.kind != FrameKind::code_ended) return;
    if (auto end = decode_code_end(frame.payload))
      workers_.code_ended(peer, std::move(*end));
    else
      refused(peer, "a broken code_ended");
  } else if (phase_ == Phase::smoking) {
    smoke_->data(rank_of(peer), frame);
  } else if (job_run_ && frame.kind == FrameKind::handed_over) {
    workers_.handed_over(plan_.layout.ranks[rank_of(peer)].node_rank);
  } else if (job_run_) {
    job_run_->data(rank_of(peer), frame);
  }
}

void LeaderRun::pong(Peer peer, const Pong& told) {
  if (!workers_.holds(peer) && job_run_) job_run_->pong(rank_of(peer), told);
}

void LeaderRun::lost(Peer peer, std::uint64_t heard_ns, const std::string& why) {
  // Where a connection was closed, we wait a shorter time for the peer than where it is silent.
  const double bound = static_cast<double>(settings_.lost_after.count()) / 1000;
  const double silent = seconds_between(heard_ns, world_.loop.now_ns());
  const Silence silence{.seconds = std::min(bound, silent), .why = why, .is_closed = silent < bound};
  if (workers_.holds(peer))
    worker_lost(peer, silence);
  else
    rank_lost(rank_of(peer), heard_ns, silence);
}

void LeaderRun::refused(Peer peer, const std::string& what) {
  if (workers_.holds(peer))
    worker_lost(peer, WordsRefused{what});
  else
    rank_lost(rank_of(peer), world_.loop.now_ns(), WordsRefused{what});
}

void LeaderRun::rank_lost(Rank rank, std::uint64_t heard_ns, const RankLoss& loss) {
  const auto* silence = std::get_if<Silence>(&loss);
  if (phase_ == Phase::smoking)
    smoke_->lost(rank, describe(loss), heard_ns, silence == nullptr || silence->is_closed);
  else if (job_run_)
    job_run_->lost(rank, heard_ns, loss);
}

// Said once of each; anybody may come to a port, and while the job runs nobody is awaited.
void LeaderRun::stranger(const Stranger& stranger) {
  if (settings_.job_token.empty() || phase_ != Phase::waiting) return;
  if (strangers_.size() >= most_strangers_told ||
      !strangers_.emplace(stranger.who, stranger.why, stranger.node_rank).second)
    return;
  world_.output.say(fmt::format("warning: {}: turned away", stranger.what));
}

void LeaderRun::worker_lost(Peer peer, const HostLoss& loss) {
  const RosterWorker& worker = workers_.of(peer);
  if (world_.elsewhere != nullptr) world_.elsewhere->host_lost(peer);
  if (!job_run_) {
    workers_.lost_before_job(peer, loss);
    if (phase_ == Phase::smoking && !worker.is_spare) smoke_->stop();
    return;
  }
  workers_.left(peer);
  if (worker.is_spare)
    world_.output.say(
        fmt::format("spare host {} was lost: {}; the job goes on", worker.host, describe(loss)));
  else
    job_run_->worker_lost({.host = worker.host, .loss = loss});
}

void LeaderRun::left(Peer peer) {
  if (workers_.holds(peer)) {
    workers_.left(peer);
    if (phase_ == Phase::goodbye && !workers_.any_connected() && !one_may_come()) world_.loop.stop();
  } else if (phase_ == Phase::smoking) {
    smoke_->left(rank_of(peer));
  } else if (job_run_) {
    job_run_->left(rank_of(peer));
  }
}

void LeaderRun::remove_session_folders() const {
  if (job_run_ && plan_.engine == Engine::mpirun) job_run_->engine().remove_session_folders(own_host_);
}

}  // namespace smlaunch
