// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/smoke_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <set>

#include "launcher/channel/detached_notice.hpp"
#include "launcher/evidence/mpirun_words.hpp"
#include "launcher/leader/carriers.hpp"
#include "launcher/leader/start_watch.hpp"
#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds smoke_look_interval{8000};
// Programs that were told to quit end by themselves in this time, and released agents in the next.
constexpr milliseconds quit_bound{1000};
constexpr milliseconds smoke_leave_bound{2000};
// An engine ends by itself in this time when all its agents have left.
constexpr milliseconds smoke_engine_bound{1000};
constexpr std::size_t longest_tail = 2000;
// After a second SIGTERM, mpirun drops everything.
struct SmokeEngineStep {
  int signal;
  milliseconds then;
};
constexpr std::array<SmokeEngineStep, 3> smoke_engine_steps = {
    {{.signal = SIGTERM, .then = milliseconds(150)},
     {.signal = SIGTERM, .then = milliseconds(500)},
     {.signal = SIGKILL, .then = milliseconds(2000)}}};

SmokeSettings with_leader(SmokeSettings settings, const LaunchPlan& plan, const StartFacts& start) {
  settings.leader_host = plan.current_host;
  settings.lost_after_seconds = static_cast<double>(start.lost_after.count()) / 1000;
  return settings;
}

std::string last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of('\n');
  if (end == std::string_view::npos) return "";
  text = text.substr(0, end + 1);
  const std::size_t before = text.rfind('\n');
  return std::string(before == std::string_view::npos ? text : text.substr(before + 1));
}

}  // namespace

SmokeRun::SmokeRun(const LeaderWorld& world, const LaunchPlan& plan, SmokeSettings settings,
                   AgentFacts agents, StartFacts start, std::string ssh_folder, Callbacks callbacks)
    : world_(world),
      plan_(plan),
      conductor_(with_leader(std::move(settings), plan, start)),
      agents_(std::move(agents)),
      start_(std::move(start)),
      ssh_folder_(std::move(ssh_folder)),
      callbacks_(std::move(callbacks)),
      timer_(world.loop.make_timer()),
      start_timer_(world.loop.make_timer()),
      end_timer_(world.loop.make_timer()) {}

SmokeRun::~SmokeRun() = default;

double SmokeRun::seconds_at(std::uint64_t ns) const {
  return ns <= begin_ns_ ? 0.0 : static_cast<double>(ns - begin_ns_) / 1e9;
}

void SmokeRun::begin() {
  begin_ns_ = world_.loop.now_ns();
  perform(conductor_.begin());
}

void SmokeRun::perform(const std::vector<SmokeAction>& actions) {
  for (const SmokeAction& action : actions) {
    if (std::holds_alternative<StartSet>(action)) start_set();
    if (const auto* end = std::get_if<EndSet>(&action)) end_set(end->gently);
    if (const auto* send = std::get_if<SendCommand>(&action))
      world_.channel.input(peer_of(send->rank), encode(send->command) + "\n");
    if (const auto* tell = std::get_if<TellStage>(&action)) callbacks_.stage(*tell);
    if (const auto* tell = std::get_if<TellSearch>(&action)) callbacks_.search(*tell);
    if (const auto* set = std::get_if<SetSmokeTimer>(&action)) {
      timer_->start(milliseconds(static_cast<long>(set->seconds * 1000)),
                    [this] { perform(conductor_.expired(now())); });
    }
    if (std::holds_alternative<FinishSmoke>(action)) callbacks_.finished();
  }
}

// ---- the beginning of a set

void SmokeRun::start_set() {
  state_ = State::starting;
  released_ = false;
  engine_leaves_ = false;
  peers_ = Indexed<Rank, Peer_>(plan_.layout.ranks.size());
  // Agents of an earlier set do not know this token.
  agents_.set = fmt::format("checks {}", engines_.size());
  begin_ranks(world_.channel, plan_, token_of_set(agents_));
  engines_.push_back(world_.make_engine(
      {.line = [this](std::string_view line) { engine_line(line); },
       .ended = [this](Rank, const Result<ExitStatus>& end, bool all) { engine_ended(end, all); }}));
  set_begin_ns_ = world_.loop.now_ns();
  engine_runs_ = true;
  if (auto started = start_engine(*engines_.back(), plan_, agents_, ssh_folder_); !started) {
    engine_runs_ = engines_.back()->was_started();
    return set_failed(started.error().problems.front().what);
  }
  watch_start();
}

void SmokeRun::engine_line(std::string_view line) {
  const auto tagged = find_rank_of_line(plan_.engine, line);
  const std::string_view text = tagged ? tagged->text : line;
  callbacks_.line(std::string(text));
  if (const auto notice = parse_detached_notice(text)) set_failed(std::string(*notice));
}

void SmokeRun::watch_start() {
  start_timer_->start(smoke_look_interval, [this] {
    if (state_ != State::starting) return;
    if (!callbacks_.find_lost_hosts) return judge_start(false);
    callbacks_.find_lost_hosts([this, set = engines_.size()](const std::vector<LostHost>& lost) {
      if (state_ == State::starting && set == engines_.size()) judge_start(!lost.empty());
    });
  });
}

void SmokeRun::judge_start(bool any_host_lost) {
  if (any_host_lost) return set_failed("a host was lost while the check programs were started");
  if (std::chrono::nanoseconds(world_.loop.now_ns() - set_begin_ns_) > start_deadline(plan_))
    return set_failed(fmt::format("not every rank's agent came in time: missing on {}", missing_hosts()));
  watch_start();
}

std::string SmokeRun::missing_hosts() const {
  std::set<std::string> names;
  for (const Rank each : peers_.indices())
    if (!peers_[each].joined) names.insert(plan_.cluster.hosts[plan_.layout.ranks[each].node_rank].name);
  return fmt::format("{}", fmt::join(names, ", "));
}

void SmokeRun::set_failed(const std::string& why) { perform(conductor_.set_failed(why, now())); }

void SmokeRun::joined(Rank rank) {
  peers_[rank].joined = true;
  if (state_ == State::starting &&
      std::all_of(peers_.begin(), peers_.end(), [](const Peer_& peer) { return peer.joined; }))
    agents_there();
}

void SmokeRun::agents_there() {
  state_ = State::running;
  start_timer_->cancel();
  Variables of_host;
  std::optional<NodeRank> node;
  for (const RankPlace& place : plan_.layout.ranks) {
    if (place.node_rank != node) of_host = variables_of_host(plan_, place.node_rank);
    node = place.node_rank;
    Start start = make_start(plan_, place.rank, of_host, start_);
    start.has_input = true;
    world_.channel.start(peer_of(place.rank), start);
  }
  perform(conductor_.agents_there(now()));
}

// ---- what agents say

void SmokeRun::data(Rank rank, const Frame& frame) {
  if (frame.kind == FrameKind::output) {
    if (const auto output = decode_output(frame.payload)) take_lines(rank, output->is_stderr, output->lines);
  } else if (frame.kind == FrameKind::start_failed) {
    program_gone(rank, {.how = fmt::format("the check program could not be started: {}", frame.payload),
                        .seconds = now(),
                        .alone = true});
  } else if (frame.kind == FrameKind::end_unknown) {
    program_gone(rank, {.how = fmt::format("the check program ended, and {}", frame.payload),
                        .seconds = now(),
                        .alone = true});
  } else if (frame.kind == FrameKind::ended) {
    const auto ended = decode_ended(frame.payload);
    const std::string words = last_line(peers_[rank].tail);
    // The end of a program is no evidence where mpirun ended it because of another host, or somebody did by
    // hand.
    const bool by_others = ended && ended->end.told_to_stop && state_ == State::running;
    program_gone(rank,
                 {.how = fmt::format("the check program {}{}", ended ? to_string(ended->end.status) : "ended",
                                     words.empty() ? "" : ": " + words),
                  .seconds = now(),
                  .alone = ended && !by_others && std::holds_alternative<Signaled>(ended->end.status),
                  .by_others = by_others});
  }
}

void SmokeRun::take_lines(Rank rank, bool is_stderr, std::string_view lines) {
  Peer_& peer = peers_[rank];
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const auto message = is_stderr ? failure(Fault::internal, "", "") : parse_check_message(line);
    if (message) {
      perform(conductor_.message(rank, *message, now()));
      continue;
    }
    callbacks_.line(fmt::format("rank {}: {}", rank.value, line));
    peer.tail += std::string(line) + "\n";
    if (peer.tail.size() > longest_tail) peer.tail.erase(0, peer.tail.size() - longest_tail);
  }
}

void SmokeRun::program_gone(Rank rank, const CheckLoss& loss) {
  peers_[rank].ended = true;
  perform(conductor_.lost(rank, loss, now()));
  if (state_ == State::ending && !released_ && all_gone()) release();
}

bool SmokeRun::all_gone() const {
  return std::all_of(peers_.begin(), peers_.end(), [](const Peer_& peer) { return peer.ended || peer.away; });
}

void SmokeRun::lost(Rank rank, const std::string& why, std::uint64_t heard_ns, bool is_closed) {
  peers_[rank].away = true;
  if (state_ != State::ending)
    perform(conductor_.lost(
        rank, {.how = why, .seconds = seconds_at(heard_ns), .alone = true, .is_silent = !is_closed}, now()));
  finish_set_if_over();
}

void SmokeRun::left(Rank rank) {
  peers_[rank].away = true;
  finish_set_if_over();
}

// ---- the end of a set

void SmokeRun::stop() { set_failed("it was told to stop"); }

void SmokeRun::end_set(bool gently) {
  timer_->cancel();
  start_timer_->cancel();
  state_ = State::ending;
  if (!gently || all_gone()) return release();
  end_timer_->start(quit_bound, [this] { release(); });
}

// Agents kill their programs where they still run. Agents that never came end with the engine.
void SmokeRun::release() {
  if (released_) return;
  released_ = true;
  world_.channel.release_agents(plan_.world_size(), {});
  const bool any_there =
      std::any_of(peers_.begin(), peers_.end(), [](const Peer_& peer) { return peer.joined && !peer.away; });
  end_timer_->start(any_there ? smoke_leave_bound : milliseconds(0), [this] { end_engine(0); });
  world_.loop.post([this] { finish_set_if_over(); });
}

void SmokeRun::end_engine(std::size_t step) {
  if (!engine_runs_ || step >= smoke_engine_steps.size()) {
    engine_runs_ = false;
    return finish_set_if_over();
  }
  engines_.back()->signal(smoke_engine_steps[step].signal);
  end_timer_->start(smoke_engine_steps[step].then, [this, step] { end_engine(step + 1); });
}

void SmokeRun::engine_ended(const Result<ExitStatus>& end, bool all) {
  if (!all) return;
  engine_runs_ = false;
  if (state_ == State::ending) return finish_set_if_over();
  const std::vector<std::string> words = engines_.back()->last_words();
  const std::string text = words.empty() ? "" : fmt::format(": {}", fmt::join(words, " "));
  const std::string how =
      fmt::format("{} {}", to_string(plan_.engine),
                  end ? to_string(*end) : "ended, and " + end.error().problems.front().what);
  if (state_ != State::running || all_gone()) return set_failed(how + text);
  // The engine has ended the programs that it could reach. We know which host is gone when it has been
  // silent for long.
  const std::string daemon = find_lost_daemon(words);
  conductor_.engine_failed(daemon.empty() ? how + text
                                          : fmt::format("{}: it lost its daemon on {}", how, daemon));
  start_timer_->start(start_.lost_after + smoke_engine_bound, [this, how] {
    if (state_ == State::running) set_failed(how);
  });
}

void SmokeRun::finish_set_if_over() {
  if (state_ != State::ending || !released_) return;
  const bool all_away =
      std::all_of(peers_.begin(), peers_.end(), [](const Peer_& peer) { return peer.away || !peer.joined; });
  if (engine_runs_) {
    if (!all_away || engine_leaves_) return;
    engine_leaves_ = true;
    end_timer_->start(smoke_engine_bound, [this] { end_engine(0); });
    return;
  }
  end_timer_->cancel();
  engines_.back()->remove_session_folders(agents_.leader_host);
  state_ = State::none;
  world_.loop.post([this] { perform(conductor_.set_over(now())); });
}

}  // namespace smlaunch
