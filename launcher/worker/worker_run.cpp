// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/worker_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "launcher/channel/status_messages.hpp"
#include "launcher/channel/stop_messages.hpp"

namespace smlaunch {

WorkerRun::WorkerRun(WorkerSettings settings, WorkerWorld world)
    : settings_(std::move(settings)), world_(std::move(world)), bound_timer_(world_.loop.make_timer()) {}

void WorkerRun::begin() {
  prepare_code();
  wait_for_leader();
}

void WorkerRun::prepare_code() {
  CodeEnd ready;
  ready.is_ready = true;
  if (!settings_.code) return code_ended(ready);
  auto started = world_.prepare_code(*settings_.code, [this](const CodeEnd& end) { code_ended(end); });
  if (!started) code_ended(code_failure(settings_.current_host, started.error()));
}

// The leader is told as soon as it has come, and ends the job where the preparation failed.
void WorkerRun::code_ended(const CodeEnd& end) {
  code_end_ = end;
  if (!end.is_ready) {
    result_.code_failure = end;
    if (settings_.code_failed) settings_.code_failed(end);
  }
  if (channel_) channel_->send_data(FrameKind::code_ended, encode(end));
}

void WorkerRun::wait_for_leader() {
  bound_timer_->start(settings_.leader_bound, [this] {
    result_.leader_came = false;
    world_.loop.stop();
  });
  if (settings_.leader) go_to_leader();
}

// It may not be there yet, and is tried for until the bound.
void WorkerRun::go_to_leader() {
  const LeaderPlace& place = *settings_.leader;
  HandOver leader;
  leader.channel_host = place.host;
  leader.channel_port = place.port;
  leader.token = place.token;
  Hello hello;
  hello.node_rank = place.node_rank;
  hello.nodes = place.nodes;
  last_set_ = last_signal_ = 0;
  has_leader_ = false;
  open_channel(leader, std::move(hello));
}

void WorkerRun::take_over(const std::string& bytes) {
  if (bytes.empty() || channel_) return;
  const auto hand_over = decode_hand_over(bytes);
  if (!hand_over) return;
  const auto place = std::find(hand_over->hosts.begin(), hand_over->hosts.end(), settings_.current_host);
  if (place == hand_over->hosts.end()) return;
  bound_timer_->cancel();
  job_ = hand_over->job;
  Hello hello;
  hello.peer =
      hand_over->world_size + hand_over->first_node_rank + static_cast<int>(place - hand_over->hosts.begin());
  open_channel(*hand_over, std::move(hello));
}

void WorkerRun::open_channel(const HandOver& leader, Hello hello) {
  hello.version = SMLAUNCH_VERSION;
  hello.host = settings_.leader ? settings_.own_name : settings_.current_host;
  hello.pid = getpid();
  hello.instance = own_instance();
  channel_ = world_.make_channel(leader, std::move(hello));
  channel_->set_lost_after(settings_.lost_after);
  channel_->set_leader_wait(settings_.leader_wait);
  channel_->start({.frame = [this](const Frame& frame) { received(frame); },
                   .acknowledged = [this] { leader_is_there(); },
                   .lost = [this] { lost(); },
                   .none = [this](const std::string&) { leader_is_absent(); },
                   .fill_pong = {},
                   .other_token = [this] { token_refused(); },
                   .refused = [this](const std::string& reason) { turned_away(reason); }});
  if (code_end_) channel_->send_data(FrameKind::code_ended, encode(*code_end_));
}

void WorkerRun::received(const Frame& frame) {
  if (const auto passed =
          frame.kind == FrameKind::pass_on ? decode_passed_signal(frame.payload) : std::nullopt)
    return channel_->expect_pause(passed->signal == SIGSTOP);
  if (frame.kind == FrameKind::start_agents) return start_agents(frame);
  if (frame.kind == FrameKind::end_agents) return signal_agents(frame);
  if (frame.kind == FrameKind::status_told) return status_told(frame);
  if (frame.kind != FrameKind::outcome) return;
  const auto end = decode_job_end(frame.payload);
  if (!end) return;
  channel_->send(FrameKind::outcome, "");
  channel_->stop();
  if (end->kind == job_is_tried_again && result_.stopped_by_signal == 0)
    return world_.loop.post([this] { begin_again(); });
  result_.end = *end;
  result_.stopped_by_signal = 0;
  world_.loop.stop();
}

// The leader comes again, with another hand-over.
void WorkerRun::begin_again() {
  world_.end_job_processes(job_);
  if (world_.forget_agents) world_.forget_agents();
  job_.clear();
  if (settings_.tried_again) settings_.tried_again();
  leader_is_told_of_ = false;
  // The old channel's handlers may still be under way.
  retired_.push_back(std::move(channel_));
  wait_for_leader();
}

// Told again on a new connection.
void WorkerRun::start_agents(const Frame& frame) {
  const auto wanted = decode_start_agents(frame.payload);
  if (!wanted || !settings_.leader || wanted->set <= last_set_) return;
  last_set_ = wanted->set;
  job_ = wanted->job;
  world_.start_agents(*wanted);
}

void WorkerRun::signal_agents(const Frame& frame) {
  const auto signal = decode_signal_agents(frame.payload);
  if (!signal || !settings_.leader || signal->number <= last_signal_) return;
  last_signal_ = signal->number;
  world_.signal_agents(*signal);
}

void WorkerRun::agents_ended(const AgentsEnded& end) {
  if (channel_) channel_->send_data(FrameKind::agents_ended, encode(end));
}

void WorkerRun::leader_is_there() {
  has_leader_ = true;
  if (!std::exchange(leader_is_told_of_, true) && settings_.leader_came) settings_.leader_came();
  // From now on it is the leader that waits, for the other hosts.
  if (settings_.leader && result_.stopped_by_signal == 0) bound_timer_->cancel();
  if (result_.stopped_by_signal != 0) ask_to_stop();
}

void WorkerRun::token_refused() {
  result_.leader_came = false;
  result_.token_refused = true;
  world_.loop.stop();
}

// After it had let us in, another one has our place.
void WorkerRun::turned_away(const std::string& reason) {
  if (has_leader_) return lost();
  result_.leader_came = false;
  result_.refusal = reason;
  world_.loop.stop();
}

void WorkerRun::leader_is_absent() {
  if (!settings_.leader) return lost();
  result_.leader_came = false;
  world_.loop.stop();
}

void WorkerRun::lost() {
  result_.leader_lost = true;
  world_.loop.stop();
}

void WorkerRun::told_to_stop(int signal) {
  const bool again = result_.stopped_by_signal != 0;
  result_.stopped_by_signal = signal;
  if (!again) result_.stop_asked = std::chrono::steady_clock::now();
  if (!channel_ || again || (settings_.leader && !has_leader_)) return world_.loop.stop();
  ask_to_stop();
  bound_timer_->start(settings_.stop_grace, [this] { world_.loop.stop(); });
}

void WorkerRun::pass_on(int signal) {
  if (channel_) channel_->send(FrameKind::stop_request, encode_number(static_cast<std::uint64_t>(signal)));
}

// A question without an answer is given up by who has asked, and the next one takes its place.
void WorkerRun::tell_status(const StatusWish& wish, const StatusBoard::Answer& answer) {
  if (!wish.ranks || !channel_ || !leader_is_told_of_) return answer(settings_.board->noted());
  asker_ = answer;
  channel_->send(FrameKind::status_wanted,
                 encode(StatusWanted{.number = ++last_question_, .form = wish.form, .stacks = wish.stacks}));
}

void WorkerRun::status_told(const Frame& frame) {
  auto told = decode_status_told(frame.payload);
  if (!told || told->number != last_question_ || !asker_) return;
  JobStatus status = settings_.board->noted();
  status.told_by_leader = std::move(told->text);
  std::exchange(asker_, {})(std::move(status));
}

// While the connection is being taken up again, this message is dropped; the new connection carries it.
void WorkerRun::ask_to_stop() {
  channel_->send(FrameKind::stop_request,
                 encode_number(static_cast<std::uint64_t>(result_.stopped_by_signal)));
}

}  // namespace smlaunch
