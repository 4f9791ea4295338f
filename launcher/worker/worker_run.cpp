// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/worker_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

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
  hello.version = SMLAUNCH_VERSION;
  hello.host = settings_.current_host;
  hello.peer = hand_over->world_size + static_cast<int>(place - hand_over->hosts.begin());
  hello.pid = getpid();
  channel_ = world_.make_channel(*hand_over, std::move(hello));
  channel_->set_lost_after(settings_.lost_after);
  channel_->set_leader_wait(settings_.leader_wait);
  channel_->start({.frame = [this](const Frame& frame) { received(frame); },
                   .acknowledged =
                       [this] {
                         if (result_.stopped_by_signal != 0) ask_to_stop();
                       },
                   .lost = [this] { lost(); },
                   .none = [this](const std::string&) { lost(); },
                   .fill_pong = {}});
  if (code_end_) channel_->send_data(FrameKind::code_ended, encode(*code_end_));
}

void WorkerRun::received(const Frame& frame) {
  if (const auto passed =
          frame.kind == FrameKind::pass_on ? decode_passed_signal(frame.payload) : std::nullopt)
    return channel_->expect_pause(passed->signal == SIGSTOP);
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
  job_.clear();
  if (settings_.tried_again) settings_.tried_again();
  // The old channel's handlers may still be under way.
  retired_.push_back(std::move(channel_));
  wait_for_leader();
}

void WorkerRun::lost() {
  result_.leader_lost = true;
  world_.loop.stop();
}

void WorkerRun::told_to_stop(int signal) {
  const bool again = result_.stopped_by_signal != 0;
  result_.stopped_by_signal = signal;
  if (!again) result_.stop_asked = std::chrono::steady_clock::now();
  if (!channel_ || again) return world_.loop.stop();
  ask_to_stop();
  bound_timer_->start(settings_.stop_grace, [this] { world_.loop.stop(); });
}

void WorkerRun::pass_on(int signal) {
  if (channel_) channel_->send(FrameKind::stop_request, encode_number(static_cast<std::uint64_t>(signal)));
}

// While the connection is being taken up again, this message is dropped; the new connection carries it.
void WorkerRun::ask_to_stop() {
  channel_->send(FrameKind::stop_request,
                 encode_number(static_cast<std::uint64_t>(result_.stopped_by_signal)));
}

}  // namespace smlaunch
