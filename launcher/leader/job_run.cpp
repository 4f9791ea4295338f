// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/job_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <set>
#include <utility>

#include "launcher/channel/detached_notice.hpp"
#include "launcher/leader/carriers.hpp"
#include "launcher/leader/starter_shares.hpp"
#include "launcher/outcome/decide_outcome.hpp"
#include "launcher/outcome/silence_sentence.hpp"
#include "launcher/plan/starter.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

SupervisorSettings supervisor_settings(const LaunchPlan& plan, const RunSettings& settings) {
  SupervisorSettings made;
  made.world_size = plan.world_size();
  made.shares = ranks_of_starters(plan);
  made.leader_host = plan.current_host;
  made.engine = to_string(plan.engine);
  made.failure_grace = settings.failure_grace;
  made.stop_grace = settings.stop_grace;
  made.leftover_grace = settings.leftover_grace;
  made.hang_timeout = settings.hang_timeout;
  made.start_timeout = settings.start_timeout;
  made.start_deadline = start_deadline(plan);
  return made;
}

}  // namespace

JobRun::JobRun(const LaunchPlan& plan, const RunSettings& settings, const LeaderWorld& world,
               EventLog& events, JobPhases& phases, AgentFacts agents, Callbacks callbacks)
    : plan_(plan),
      settings_(settings),
      world_(world),
      phases_(phases),
      agents_(std::move(agents)),
      callbacks_(std::move(callbacks)),
      supervisor_(supervisor_settings(plan, settings)),
      reports_(plan, world, events, phases, !settings.progress_pattern.empty()),
      asked_looks_(world.loop),
      starts_(plan, settings, world, callbacks_.late_hand_over),
      engine_(world.make_engine({.line = [this](std::string_view line) { engine_line(line); },
                                 .ended = [this](Rank rank, const Result<ExitStatus>& end,
                                                 bool all) { engine_process_ended(rank, end, all); }})),
      start_watch_(
          plan, settings, world.loop, *engine_,
          {.is_starting = [this] { return !has_spawned_; },
           .ends = [this] { return record().stop_signal.has_value() || record().worker_loss.has_value(); },
           .any_agent_came =
               [this] {
                 const auto& ranks = record().ranks;
                 return std::any_of(ranks.begin(), ranks.end(),
                                    [](const RankRecord& rank) { return rank.joined; });
               },
           .happened = [this](const Event& event) { handle(event); }}) {}

Result<void> JobRun::begin() {
  perform(supervisor_.begin());
  phases_.engine_started(world_.loop.now_ns());
  begin_ranks(world_.channel, plan_, token_of_set(agents_));
  start_watch_.begin();
  return start_engine(*engine_, plan_, agents_, settings_.ssh_folder);
}

// ---- what happens

void JobRun::data(Rank rank, const Frame& frame) {
  if (const auto event = reports_.take(rank, frame)) handle(*event);
}

void JobRun::lost(Rank rank, std::uint64_t heard_ns, const RankLoss& loss) {
  handle(AgentLost{.rank = rank, .loss = loss, .seconds = reports_.seconds_at(heard_ns)});
}

void JobRun::left(Rank rank) {
  phases_.left(reports_.host(rank), world_.loop.now_ns());
  handle(AgentLeft{rank});
}

void JobRun::request_stop(int signal) {
  if (!has_spawned_) reports_.event("stop", std::nullopt, {{"signal", signal_name(signal)}});
  handle(StopRequested{signal});
}

void JobRun::forget_silence() {
  reports_.forget_silence();
  if (!has_spawned_) set_timer({.timer = Timer::start_deadline, .length = start_deadline(plan_)});
}

void JobRun::pass_on(int signal) {
  reports_.event("signal", std::nullopt, {{"passed_on", signal_name(signal)}});
  handle(SignalPassed{signal});
}

// Lines that come through mpirun or srun itself: of a rank without a channel, or its own words, which matter
// where it cannot start the job.
void JobRun::engine_line(std::string_view line) {
  start_watch_.note_peers();
  const auto tagged = find_rank_of_line(plan_.engine, line);
  if (tagged && tagged->rank < plan_.world_size()) {
    if (const auto notice = parse_detached_notice(tagged->text)) {
      world_.output.say(std::string(*notice));
      return handle(RankDetached{Rank{tagged->rank}});
    }
    reports_.print(Rank{tagged->rank}, tagged->is_stderr, world_.loop.now_ns(),
                   std::string(tagged->text) + "\n");
  } else if (!is_one_process(plan_.engine)) {
    world_.output.print_plain(std::string(line) + "\n");
  } else if (settings_.verbose) {
    world_.output.say(name_line_of_engine(to_string(plan_.engine), line));
  }
}

void JobRun::engine_process_ended(Rank rank, const Result<ExitStatus>& end, bool all_ended) {
  const double now = reports_.seconds_at(world_.loop.now_ns());
  const auto status = end ? std::optional(*end) : std::nullopt;
  if (!is_one_process(plan_.engine)) {
    const RankLoss loss = end ? RankLoss(AgentEnded{*end}) : EndUnknown{end.error().problems.front().what};
    handle(AgentLost{.rank = rank, .loss = loss, .seconds = now});
    if (all_ended) handle(EngineEnded{.failure = AllAgentsEnded{}, .seconds = now, .status = status});
    return;
  }
  if (!start_watch_.may_look()) return mpirun_ended(end, now);
  // A host that is lost explains all that comes after mpirun's end, so it is told first.
  is_held_ = true;
  settings_.find_lost_hosts([this, end, now](const std::vector<LostHost>& lost) {
    is_held_ = false;
    start_watch_.tell_lost_hosts(lost);
    mpirun_ended(end, now);
    for (const Event& event : std::exchange(held_, {})) handle(event);
  });
}

void JobRun::mpirun_ended(const Result<ExitStatus>& end, double seconds) {
  start_watch_.tell_missing_daemons();
  const auto status = end ? std::optional(*end) : std::nullopt;
  const EngineFailure failure = end ? EngineFailure(EngineProcessEnded{*end, to_string(plan_.engine)})
                                    : EndUnknown{end.error().problems.front().what};
  handle(EngineEnded{
      .failure = failure, .last_lines = engine_->last_words(), .seconds = seconds, .status = status});
}

void JobRun::look_around() {
  const JobSilence silence = reports_.silence();
  if (has_spawned_) handle(Silent{silence});
  reports_.tell_slow_ranks();
  start_watch_.look_around(is_held_);
}

// ---- the supervisor's answer

// What ends a look must not meet a silence that is over by now.
void JobRun::handle(const Event& event) {
  if (is_held_) {
    held_.push_back(event);
    return;
  }
  const auto* expired = std::get_if<TimerExpired>(&event);
  const bool may_end_look =
      std::holds_alternative<RankInspected>(event) || (expired != nullptr && expired->timer == Timer::look);
  if (may_end_look) perform(supervisor_.on(Silent{reports_.silence()}));
  perform(supervisor_.on(event));
  asked_looks_.heard(event);
}

void JobRun::perform(const std::vector<Action>& actions) {
  for (const Action& action : actions) {
    if (std::holds_alternative<SignalRanks>(action) || std::holds_alternative<ReleaseAgents>(action))
      tell_hang();
    if (std::holds_alternative<StartRanks>(action)) start_ranks();
    if (const auto* signal = std::get_if<SignalRanks>(&action)) signal_ranks(signal->signal);
    if (const auto* how = std::get_if<InspectRanks>(&action)) inspect_ranks(how->only_look);
    if (std::holds_alternative<TellLooks>(action)) tell_looks();
    if (const auto* passed = std::get_if<PassSignalOn>(&action)) pass_signal_on(passed->signal);
    if (const auto* how = std::get_if<ReleaseAgents>(&action)) release(*how);
    if (const auto* end = std::get_if<EndEngine>(&action)) engine_->signal(end->signal);
    if (const auto* timer = std::get_if<SetTimer>(&action)) set_timer(*timer);
    if (std::holds_alternative<Finish>(action)) finish();
  }
}

void JobRun::start_ranks() {
  has_spawned_ = true;
  reports_.spawned();
  StartFacts facts{.job = agents_.job,
                   .master_port = reports_.master_port(),
                   .leader_environment = own_environment(),
                   .grace = settings_.failure_grace,
                   .lost_after = settings_.lost_after,
                   .restart_count = {}};
  facts.leader_wait = settings_.leader_wait;
  if (settings_.tells_restart_count) facts.restart_count = settings_.restart_count;
  starts_.begin(std::move(facts), reports_.watch());
}

std::vector<Rank> JobRun::ranks_that_run() const {
  std::vector<Rank> found;
  for (const Rank each : record().ranks.indices())
    if (!record().ranks[each].done()) found.push_back(each);
  return found;
}

void JobRun::pass_signal_on(int signal) {
  starts_.finish();
  for (const Rank rank : ranks_that_run()) world_.channel.pass_on(Peer{rank.value}, signal);
}

// Processes that a rank has left running are stopped as the ranks were, and have the rest of their grace.
void JobRun::release(const ReleaseAgents& how) {
  starts_.finish();
  const std::uint64_t now = world_.loop.now_ns();
  milliseconds grace = settings_.failure_grace;
  if (grace_end_ns_ > 0) grace = milliseconds(grace_end_ns_ <= now ? 0 : (grace_end_ns_ - now) / 1'000'000);
  leftover_time_ = how.leftover_grace + grace;
  world_.channel.release_agents(plan_.world_size(), {.leftover_milliseconds = how.leftover_grace.count(),
                                                     .grace_milliseconds = grace.count(),
                                                     .ends_daemon = how.ends_daemons});
}

void JobRun::signal_ranks(int signal) {
  starts_.finish();
  if (signal == SIGKILL) grace_end_ns_ = world_.loop.now_ns();
  reports_.event("stop", std::nullopt, {{"signal", signal_name(signal)}});
  for (const Rank rank : ranks_that_run()) world_.channel.signal(Peer{rank.value}, signal);
}

void JobRun::inspect_ranks(bool only_look) {
  starts_.finish();
  if (!only_look) {
    world_.output.say(fmt::format("{}: asking every rank what it is doing",
                                  describe_silence(*record().hang, record().progress)));
    is_hang_untold_ = true;
  }
  // NCCL tells of the whole job, whoever is asked; some of its processes may not answer.
  constexpr std::size_t most_nccl_hosts = 3;
  std::set<std::string> nccl_hosts;
  for (const Rank rank : ranks_that_run()) {
    const bool asks_nccl =
        nccl_hosts.size() < most_nccl_hosts && nccl_hosts.insert(reports_.host(rank)).second;
    world_.channel.inspect(Peer{rank.value}, only_look   ? Inspection::look
                                             : asks_nccl ? Inspection::ask_nccl
                                                         : Inspection::ask);
  }
}

// When the ranks have told what they are doing, or will tell nothing any more.
void JobRun::tell_hang() {
  if (!std::exchange(is_hang_untold_, false)) return;
  const std::vector<RankLook> looks = look_at_ranks(record(), reports_.hosts(), starter());
  reports_.event("hang", std::nullopt, {{"sentence", describe_ranks(looks)}});
  reports_.tell_slow_ranks(looks);
}

// It goes on: nobody has asked for its end, or it computes.
void JobRun::tell_looks() {
  const std::vector<RankLook> looks = look_at_ranks(record(), reports_.hosts(), starter());
  const std::string life = describe_life(record(), reports_.hosts(), starter());
  std::string what = life.empty() ? describe_ranks(looks) : life + describe_patience(record());
  if (life.empty() && !settings_.hang_timeout && !settings_.start_timeout)
    what += "; --hang-timeout SECONDS would end such a job";
  world_.output.say(fmt::format("{}; {}", describe_silence(reports_.silence(), record().progress), what));
  if (!life.empty()) reports_.event("progress", std::nullopt, {{"life", life}});
  reports_.tell_slow_ranks(looks);
}

std::string JobRun::describe_ranks(const std::vector<RankLook>& looks) {
  return describe_standstill(looks, find_hang_evidence(looks));
}

std::string JobRun::starter() const { return has_starter(plan_.launcher) ? to_string(plan_.launcher) : ""; }

void JobRun::set_timer(const SetTimer& wanted) {
  auto& timer = timers_[wanted.timer];
  if (!timer) timer = world_.loop.make_timer();
  const milliseconds length = wanted.length + (wanted.after_leftovers ? leftover_time_ : milliseconds(0));
  if (wanted.timer == Timer::grace)
    grace_end_ns_ = world_.loop.now_ns() + static_cast<std::uint64_t>(length.count()) * 1'000'000;
  timer->start(length, [this, which = wanted.timer] {
    if (which == Timer::start_deadline) start_watch_.tell_missing_daemons();
    handle(TimerExpired{which});
  });
}

void JobRun::finish() {
  phases_.finished(world_.loop.now_ns());
  reports_.say_other_leftovers();
  Outcome outcome = decide_outcome(record(), reports_.hosts(), starter());
  callbacks_.finished(std::move(outcome));
}

}  // namespace smlaunch
