// SPDX-License-Identifier: Apache-2.0
#include "launcher/agent/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/exit_codes.hpp"
#include "launcher/channel/detached_notice.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

// What waits for the leader, or for its acknowledgement, before the rank is held back.
constexpr std::size_t most_waiting_bytes = 1U << 20U;
// mpirun kills us 1 s after its SIGTERM, whatever the grace.
constexpr milliseconds grace_under_mpirun{300};

}  // namespace

Agent::Agent(AgentIdentity identity, AgentWorld world)
    : identity_(std::move(identity)), world_(std::move(world)), stop_timer_(world_.loop.make_timer()) {
  world_.rank.set_callbacks(
      {[this](bool is_stderr, const std::string& lines) { pass_on(is_stderr, lines); },
       [this] { return waiting_bytes() < most_waiting_bytes; },
       [this](const RankState& state) { world_.channel->send_data(FrameKind::inspected, encode(state)); },
       [this](const Result<Ended>& end) { rank_ended(end); }});
}

std::size_t Agent::waiting_bytes() const { return is_detached_ ? 0 : world_.channel->waiting_bytes(); }

void Agent::begin() {
  if (world_.channel == nullptr) return run_without_channel("no channel was given");
  world_.channel->start({[this](const Frame& frame) { received(frame); },
                         [this] {
                           world_.rank.resume();
                           leave_if_done();
                         },
                         [this] { leader_lost(); },
                         [this](const std::string& why) { run_without_channel(why); },
                         [this](Pong& pong) { world_.rank.fill(pong); }});
}

void Agent::received(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::start: return start(frame);
    case FrameKind::signal:
      if (const auto number = decode_number(frame.payload); number && *number >= 1 && *number <= 64)
        world_.rank.signal(static_cast<int>(*number));
      return;
    case FrameKind::inspect: return world_.rank.inspect();
    case FrameKind::input:
      if (const auto input = decode_input(frame.payload)) world_.rank.input(*input);
      return;
    case FrameKind::release: return released();
    default: return;
  }
}

// ---- the rank

void Agent::start(const Frame& frame) {
  const auto message = decode_start(frame.payload);
  if (!message || phase_ != Phase::waiting) return;
  world_.channel->set_lost_after(milliseconds(message->lost_after_milliseconds));
  grace_ = milliseconds(message->grace_milliseconds);
  start_rank(*message);
}

void Agent::start_rank(const Start& message) {
  phase_ = Phase::running;
  if (!message.hand_over.empty()) world_.look_for_late_worker(message.hand_over);
  forwards_output_ = message.forward_output;
  const auto report = world_.rank.start(message);
  if (report) {
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

void Agent::pass_on(bool is_stderr, const std::string& lines) {
  if (is_detached_) return world_.print(is_stderr, lines);
  if (forwards_output_)
    world_.channel->send_data(FrameKind::output, encode_output({is_stderr, world_.loop.now_ns(), lines}));
}

void Agent::rank_ended(const Result<Ended>& end) {
  phase_ = Phase::ended;
  stop_timer_->cancel();
  has_succeeded_ = end && succeeded(end->end.status);
  if (has_lost_leader_) {
    exit_code_ = exit_codes::lost;
    return leave();
  }
  if (is_detached_) {
    if (!end)
      world_.print(true, fmt::format("smlaunch: rank {} on {}: {}\n", identity_.rank, world_.host,
                                     end.error().problems.front().what));
    exit_code_ = end ? shell_code(end->end.status) : exit_codes::internal;
    return leave();
  }
  if (end)
    world_.channel->send_data(FrameKind::ended, encode(*end));
  else
    world_.channel->send_data(FrameKind::end_unknown, end.error().problems.front().what);
}

// ---- the end

void Agent::told_to_end() {
  stop_rank();
  if (!world_.is_under_mpirun || is_hurried_) return;
  is_hurried_ = true;
  world_.rank.hurry();
  kill_rank_after(std::min(grace_, grace_under_mpirun));
}

// SIGTERM, the grace, SIGKILL: when nobody is left to tell us what to do.
void Agent::stop_rank() {
  if (is_stopping_) return;
  is_stopping_ = true;
  if (phase_ != Phase::running) return leave();
  world_.rank.signal(SIGTERM);
  kill_rank_after(grace_);
}

void Agent::kill_rank_after(milliseconds grace) {
  stop_timer_->start(grace, [this] { world_.rank.kill(); });
}

void Agent::leader_lost() {
  has_lost_leader_ = true;
  exit_code_ = exit_codes::lost;
  if (phase_ == Phase::ended) return leave();  // stopped already, by the signal that our parent's death sends
  stop_rank();
}

void Agent::released() {
  exit_code_ = 0;
  world_.rank.signal(SIGKILL);
  // The connection closes with this process: when the leader sees it, nothing of the rank is left.
  leave();
}

// mpirun looks after ranks that end without MPI_Finalize while others wait for them, when it sees them end: so a
// rank that ended well does not stay for the others. (One that failed does: mpirun would end the job its way.)
void Agent::leave_if_done() {
  const bool is_done = phase_ == Phase::ended && has_succeeded_ && waiting_bytes() == 0;
  if (is_done && world_.is_under_mpirun && !world_.rank.has_descendants()) leave();
}

void Agent::run_without_channel(const std::string& why) {
  is_detached_ = true;
  world_.print(true,
               fmt::format("smlaunch: rank {} on {}{} ({}): its output goes through mpirun, where lines may "
                           "be broken, and who failed first is not known for certain\n",
                           identity_.rank, world_.host, detached_notice, why));
  start_rank(make_start_without_channel(own_environment(), identity_));
}

}  // namespace smlaunch
