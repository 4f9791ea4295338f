// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/exit_codes.hpp"
#include "launcher/agent/watched_places.hpp"
#include "launcher/channel/detached_notice.hpp"
#include "launcher/channel/device_messages.hpp"
#include "launcher/channel/progress_messages.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

// How many bytes may wait for the leader, or for its acknowledgement, before the rank is held back.
constexpr std::size_t most_waiting_bytes = 1U << 20U;
// The time between two looks at the processes that the rank has left running.
constexpr milliseconds leftover_interval{20};
// After so many looks, processes that have become our children meanwhile are told to end, too.
constexpr int looks_until_told = 10;
// How long the leader may take to receive our last messages.
constexpr milliseconds last_words_bound{1000};
// Slurm's SIGTERM may come so much later to this host than to another. A rank gets it only once.
constexpr milliseconds slurms_signal_bound{300};
// mpirun kills us 1 s after its SIGTERM, whatever our own grace is.
constexpr milliseconds grace_under_mpirun{300};

}  // namespace

Agent::Agent(AgentIdentity identity, AgentWorld world)
    : identity_(std::move(identity)),
      world_(std::move(world)),
      stop_timer_(world_.loop.make_timer()),
      slurm_timer_(world_.loop.make_timer()) {
  world_.rank.set_callbacks(
      {.lines = [this](bool is_stderr, const std::string& lines) { pass_on(is_stderr, lines, {}); },
       .lines_of_rank = [this](int rank, bool is_stderr,
                               const std::string& lines) { pass_on(is_stderr, lines, rank); },
       .starter_rank_told =
           [this](const StarterRankNews& news) {
             if (!is_detached_) world_.channel->send_data(FrameKind::starter_rank, encode(news));
           },
       .has_room = [this] { return waiting_bytes() < most_waiting_bytes; },
       .inspected =
           [this](const RankState& state) { world_.channel->send_data(FrameKind::inspected, encode(state)); },
       .progressed =
           [this](const Progress& progress) {
             if (!is_detached_)
               world_.channel->send_data(FrameKind::progress,
                                         encode(ProgressReport{world_.loop.now_ns(), progress}));
           },
       .ended = [this](const Result<Ended>& end) { rank_ended(end); }});
}

std::size_t Agent::waiting_bytes() const { return is_detached_ ? 0 : world_.channel->waiting_bytes(); }

void Agent::begin() {
  if (world_.channel == nullptr)
    return run_without_channel(identity_.lacks_token ? "the login has not left the job's token on this host"
                                                     : "no channel was given");
  world_.channel->start({.frame = [this](const Frame& frame) { received(frame); },
                         .acknowledged =
                             [this] {
                               world_.rank.resume();
                               leave_if_done();
                               if (has_ended_leftovers_ && has_said_all()) leave();
                             },
                         .lost = [this] { leader_lost(); },
                         .none = [this](const std::string& why) { run_without_channel(why); },
                         .fill_pong =
                             [this](Pong& pong) {
                               world_.rank.fill(pong);
                               if (world_.devices != nullptr) world_.devices->look(false);
                             }});
}

void Agent::received(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::start: return start(frame);
    case FrameKind::signal:
      look_at_devices_again();
      if (const auto number = decode_number(frame.payload); number && *number >= 1 && *number <= 64)
        signal_rank(static_cast<int>(*number));
      return;
    case FrameKind::inspect: return world_.rank.inspect(decode_inspection(frame.payload));
    case FrameKind::input:
      if (const auto input = decode_input(frame.payload)) world_.rank.input(*input);
      return;
    case FrameKind::pass_on: return pass_on_signal(frame);
    case FrameKind::release: return released(decode_release(frame.payload).value_or(Release()));
    default: return;
  }
}

// The job ends badly. A device's word about the reason may have come since the last look.
void Agent::look_at_devices_again() {
  if (world_.devices != nullptr && world_.devices->has_looked()) world_.devices->look(true);
}

void Agent::looked_at_devices(const DeviceNews& news) {
  if (!news.events.empty() && !is_detached_ && !has_lost_leader_)
    world_.channel->send_data(FrameKind::device, encode(news));
  if (has_ended_leftovers_ && has_said_all()) leave();
}

bool Agent::has_said_all() const {
  return waiting_bytes() == 0 && (world_.devices == nullptr || !world_.devices->is_looking());
}

// Slurm signals all hosts of a step itself, and its signal may come to this host after the leader's message.
void Agent::signal_rank(int signal) {
  if (!identity_.in_step || signal != SIGTERM || phase_ != Phase::running) return world_.rank.signal(signal);
  slurm_timer_->start(slurms_signal_bound, [this] { world_.rank.signal(SIGTERM); });
}

// The leader repeats this message after a lost connection.
void Agent::pass_on_signal(const Frame& frame) {
  const auto passed = decode_passed_signal(frame.payload);
  if (!passed || passed->number <= passed_signals_) return;
  passed_signals_ = passed->number;
  if (passed->signal == SIGSTOP || passed->signal == SIGCONT)
    world_.channel->expect_pause(passed->signal == SIGSTOP);
  world_.rank.pass_on(passed->signal);
}

// ---- the rank

void Agent::start(const Frame& frame) {
  const auto message = decode_start(frame.payload);
  if (!message || phase_ != Phase::waiting) return;
  world_.channel->set_lost_after(milliseconds(message->lost_after_milliseconds));
  world_.channel->set_leader_wait(milliseconds(message->leader_wait_milliseconds));
  grace_ = milliseconds(message->grace_milliseconds);
  start_rank(*message);
}

void Agent::start_rank(const Start& message) {
  phase_ = Phase::running;
  if (!message.hand_over.empty())
    world_.look_for_late_worker(message.hand_over, [this] {
      if (!has_lost_leader_) world_.channel->send_data(FrameKind::handed_over, "");
    });
  forwards_output_ = message.forward_output;
  const auto report = world_.rank.start(message);
  if (report) {
    // A check program is over soon, and finds out for itself.
    if (world_.devices != nullptr && !is_detached_ && !message.has_input)
      world_.devices->begin(watched_places(message),
                            [this](const DeviceNews& news) { looked_at_devices(news); });
    if (!is_detached_) world_.channel->send_data(FrameKind::started, encode(*report));
    return;
  }
  phase_ = Phase::ended;
  const std::string& why = report.error().problems.front().what;
  if (!is_detached_) return world_.channel->send_data(FrameKind::start_failed, why);
  world_.print(true, fmt::format("smlaunch: rank {} on {} could not be started: {}\n", identity_.rank,
                                 world_.host, why));
  exit_code_ = exit_codes::start;
  leave();
}

void Agent::pass_on(bool is_stderr, const std::string& lines, std::optional<int> rank) {
  if (is_detached_) return world_.print(is_stderr, lines);
  if (forwards_output_)
    world_.channel->send_data(
        FrameKind::output,
        encode_output(
            {.is_stderr = is_stderr, .time_ns = world_.loop.now_ns(), .lines = lines, .rank = rank}));
}

void Agent::rank_ended(const Result<Ended>& end) {
  phase_ = Phase::ended;
  stop_timer_->cancel();
  has_succeeded_ = end && succeeded(end->end.status);
  if (!has_succeeded_) look_at_devices_again();
  if (has_lost_leader_) {
    exit_code_ = exit_codes::lost;
    return end_leftovers_in_time();
  }
  if (is_detached_) {
    if (!end)
      world_.print(true, fmt::format("smlaunch: rank {} on {}: {}\n", identity_.rank, world_.host,
                                     end.error().problems.front().what));
    exit_code_ = end ? shell_code(end->end.status) : exit_codes::internal;
    return end_leftovers_in_time();
  }
  if (end)
    world_.channel->send_data(FrameKind::ended, encode(*end));
  else
    world_.channel->send_data(FrameKind::end_unknown, end.error().problems.front().what);
}

// ---- the end

void Agent::told_to_end(bool has_parent, int signal) {
  // Slurm ends the whole job, and its own patience is the bound. The leader knows what the ranks need until then.
  if (identity_.by_srun && phase_ != Phase::waiting && !is_detached_ && !has_lost_leader_)
    return world_.channel->send(FrameKind::stop_request, encode_number(SIGTERM));
  // Slurm tells every process of the step, not only its task: so the rank has been told, too. The grace is the job's.
  if (identity_.in_step && has_parent && phase_ == Phase::running && !is_detached_ && !has_lost_leader_) {
    slurm_timer_->cancel();
    world_.rank.was_told(signal);
    return world_.channel->send(FrameKind::stop_request, encode_number(SIGTERM));
  }
  if (is_leaving_) return leave();
  if (world_.is_under_mpirun && phase_ != Phase::running)
    return end_leftovers(milliseconds(0), std::min(grace_, grace_under_mpirun));
  stop_rank();
  if (!world_.is_under_mpirun || is_hurried_) return;
  is_hurried_ = true;
  world_.rank.hurry();
  kill_rank_after(std::min(grace_, grace_under_mpirun));
}

void Agent::got_user_signal(int signal) {
  // Our own rank may have ended by it already.
  if (phase_ != Phase::waiting && !is_detached_)
    world_.channel->send(FrameKind::stop_request, encode_number(static_cast<std::uint64_t>(signal)));
}

// SIGTERM, the grace, SIGKILL: for the case that nobody is left to tell us what to do.
void Agent::stop_rank() {
  if (is_stopping_) return;
  is_stopping_ = true;
  if (phase_ != Phase::running) return end_leftovers_in_time();
  world_.rank.signal(SIGTERM);
  kill_rank_after(grace_);
}

void Agent::kill_rank_after(milliseconds grace) {
  stop_deadline_ns_ = after(grace);
  stop_timer_->start(grace, [this] { world_.rank.signal(SIGKILL); });
}

void Agent::leader_lost() {
  has_lost_leader_ = true;
  exit_code_ = exit_codes::lost;
  // Our parent died, and the signal for that has stopped the rank already.
  if (phase_ == Phase::ended) return end_leftovers_in_time();
  stop_rank();
}

// The connection closes with this process. So when the leader sees that, nothing of the rank is left.
void Agent::released(const Release& how) {
  exit_code_ = 0;
  was_released_ = true;
  ends_daemon_ = how.ends_daemon;
  if (phase_ == Phase::running) {
    world_.rank.signal(SIGKILL);
    return leave();
  }
  if (!is_leaving_)
    end_leftovers(milliseconds(how.leftover_milliseconds), milliseconds(how.grace_milliseconds));
}

// ---- processes that the rank has left running

std::uint64_t Agent::after(milliseconds time) const {
  return world_.loop.now_ns() + static_cast<std::uint64_t>(time.count()) * 1'000'000;
}

void Agent::end_leftovers_in_time() {
  if (is_leaving_) return;
  const std::uint64_t now = world_.loop.now_ns();
  const bool is_late = stop_deadline_ns_ != 0 && stop_deadline_ns_ <= now;
  end_leftovers(milliseconds(0), stop_deadline_ns_ == 0 ? grace_
                                 : is_late              ? milliseconds(0)
                                           : milliseconds((stop_deadline_ns_ - now) / 1'000'000));
}

void Agent::end_leftovers(milliseconds untouched, milliseconds grace) {
  is_leaving_ = true;
  wait_for_leftovers(after(untouched), [this, grace] { stop_leftovers(grace); });
}

void Agent::wait_for_leftovers(std::uint64_t until_ns, std::function<void()> still_there) {
  if (!world_.rank.has_descendants()) return leave_when_all_is_said();
  if (world_.loop.now_ns() >= until_ns) return still_there();
  if (is_stopping_leftovers_ && leftover_looks_++ % looks_until_told == 0) world_.rank.stop_leftovers();
  stop_timer_->start(leftover_interval, [this, until_ns, still_there = std::move(still_there)] {
    wait_for_leftovers(until_ns, still_there);
  });
}

void Agent::stop_leftovers(milliseconds grace) {
  tell_leftovers();
  is_stopping_leftovers_ = true;
  wait_for_leftovers(after(grace), [this] { leave_when_all_is_said(); });
}

void Agent::tell_leftovers() {
  const LeftRunning left{world_.rank.find_leftovers()};
  if (left.processes.empty()) return;
  if (!is_detached_) return world_.channel->send_data(FrameKind::left_running, encode(left));
  for (const LeftProcess& each : left.processes)
    world_.print(true, fmt::format("smlaunch: rank {} on {} left {} running (pid {}): it is ended\n",
                                   identity_.rank, world_.host, each.command, each.pid));
}

// Processes that are still there are killed when we leave.
void Agent::leave_when_all_is_said() {
  has_ended_leftovers_ = true;
  if (has_lost_leader_ || has_said_all()) return leave();
  stop_timer_->start(last_words_bound, [this] { leave(); });
}

// mpirun has its own rule for a rank that ends without MPI_Finalize while others wait for it, and applies it
// when it sees that rank end. So we do not stay after a rank that ended well. We stay after a rank that
// failed: mpirun would end the job in its own way.
void Agent::leave_if_done() {
  const bool is_done = phase_ == Phase::ended && has_succeeded_ && waiting_bytes() == 0;
  if (is_done && world_.is_under_mpirun && !world_.rank.has_descendants()) leave();
}

void Agent::run_without_channel(const std::string& why) {
  if (identity_.needs_channel) {
    world_.print(true,
                 fmt::format("smlaunch: rank {} on {} is not started: it has no channel to the leader ({})\n",
                             identity_.rank, world_.host, why));
    exit_code_ = exit_codes::lost;
    return leave();
  }
  is_detached_ = true;
  world_.print(
      true,
      fmt::format("{}rank {} on {} has no channel to the leader ({}): its output goes through {}, "
                  "where lines may be broken, and who failed first is not known for certain\n",
                  detached_mark, identity_.rank, world_.host, why, identity_.by_srun ? "srun" : "mpirun"));
  start_rank(make_start_without_channel(own_environment(), identity_));
}

}  // namespace smlaunch
