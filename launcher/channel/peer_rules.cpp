// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/peer_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "base/line_splitter.hpp"
#include "launcher/channel/device_messages.hpp"
#include "launcher/channel/host_messages.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/progress_messages.hpp"
#include "launcher/channel/starter_messages.hpp"
#include "launcher/channel/status_messages.hpp"
#include "launcher/channel/stop_messages.hpp"

namespace smlaunch {

namespace {

const char* name_of(FrameKind kind) {
  switch (kind) {
    case FrameKind::hello: return "hello";
    case FrameKind::pong: return "pong";
    case FrameKind::outcome: return "outcome";
    case FrameKind::stop_request: return "stop_request";
    case FrameKind::started: return "started";
    case FrameKind::start_failed: return "start_failed";
    case FrameKind::output: return "output";
    case FrameKind::ended: return "ended";
    case FrameKind::inspected: return "inspected";
    case FrameKind::code_ended: return "code_ended";
    case FrameKind::end_unknown: return "end_unknown";
    case FrameKind::left_running: return "left_running";
    case FrameKind::progress: return "progress";
    case FrameKind::agents_ended: return "agents_ended";
    case FrameKind::device: return "device";
    case FrameKind::starter_rank: return "starter_rank";
    case FrameKind::handed_over: return "handed_over";
    case FrameKind::relayed_up: return "relayed_up";
    case FrameKind::relayed_down: return "relayed_down";
    case FrameKind::relayed_end: return "relayed_end";
    case FrameKind::relayed_quiet: return "relayed_quiet";
    case FrameKind::status_wanted: return "status_wanted";
    default: return "unknown";
  }
}

// Of a payload, where no line of a rank is in it: in bytes.
constexpr std::size_t most_in_number = 32;
constexpr std::size_t most_in_pong = 256;
constexpr std::size_t most_in_progress = 8192;
constexpr std::size_t most_in_device = 20U << 10U;
constexpr std::size_t most_in_reason = 1U << 20U;
constexpr std::size_t most_in_report = 17U << 20U;

std::size_t most_bytes(FrameKind kind) {
  switch (kind) {
    case FrameKind::outcome:
    case FrameKind::handed_over: return 0;
    case FrameKind::stop_request: return most_in_number;
    case FrameKind::pong:
    case FrameKind::status_wanted:
    case FrameKind::starter_rank: return most_in_pong;
    case FrameKind::progress: return most_in_progress;
    case FrameKind::device: return most_in_device;
    case FrameKind::started:
    case FrameKind::start_failed:
    case FrameKind::end_unknown:
    case FrameKind::left_running: return most_in_reason;
    case FrameKind::output: return LineSplitter::longest_line + most_in_reason;
    default: return most_in_report;
  }
}

// Whole lines, none of which is longer than an agent lets one become.
bool are_lines(std::string_view lines) {
  if (lines.empty() || lines.back() != '\n') return false;
  for (std::size_t begin = 0; lines.size() - begin > LineSplitter::longest_line + 1;) {
    const std::size_t end = lines.find('\n', begin);
    if (end - begin > LineSplitter::longest_line) return false;
    begin = end + 1;
  }
  return true;
}

// Schedulers send these to all processes of a job. Of other signals an agent says nothing.
bool is_signal_of_scheduler(const Frame& frame) {
  const auto signal = decode_number(frame.payload);
  return signal == SIGUSR1 || signal == SIGUSR2 || signal == SIGTERM;
}

// Is it what its kind says?
bool is_sound(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::pong: return decode_pong(frame.payload).has_value();
    case FrameKind::stop_request: return decode_number(frame.payload).has_value();
    case FrameKind::started: return decode_started(frame.payload).has_value();
    case FrameKind::ended: return decode_ended(frame.payload).has_value();
    case FrameKind::inspected: return decode_rank_state(frame.payload).has_value();
    case FrameKind::left_running: return decode_left_running(frame.payload).has_value();
    case FrameKind::progress: return decode_progress(frame.payload).has_value();
    case FrameKind::device: return decode_device_news(frame.payload).has_value();
    case FrameKind::starter_rank: return decode_starter_rank(frame.payload).has_value();
    case FrameKind::agents_ended: return decode_agents_ended(frame.payload).has_value();
    case FrameKind::status_wanted: return decode_status_wanted(frame.payload).has_value();
    case FrameKind::output: {
      const auto output = decode_output(frame.payload);
      return output && are_lines(output->lines);
    }
    default: return true;  // a reason is any text; the room launcher/code reads what became of the code
  }
}

}  // namespace

bool PeerRules::may_say(FrameKind kind) const {
  switch (kind) {
    case FrameKind::pong:
    case FrameKind::stop_request: return true;
    case FrameKind::started:
    case FrameKind::start_failed:
    case FrameKind::output:
    case FrameKind::ended:
    case FrameKind::inspected:
    case FrameKind::end_unknown:
    case FrameKind::left_running:
    case FrameKind::progress:
    case FrameKind::device:
    case FrameKind::starter_rank:
    case FrameKind::handed_over: return role_ == Role::rank;
    case FrameKind::outcome:
    case FrameKind::code_ended:
    case FrameKind::status_wanted:
    case FrameKind::agents_ended: return role_ == Role::worker;
    default: return false;
  }
}

std::optional<std::string> PeerRules::refuse_order(const Frame& frame) {
  const bool starts = frame.kind == FrameKind::started;
  const bool ends = frame.kind == FrameKind::ended || frame.kind == FrameKind::end_unknown ||
                    frame.kind == FrameKind::start_failed;
  if ((starts && (has_started_ || has_ended_)) || (ends && has_ended_))
    return fmt::format("a second {}", name_of(frame.kind));
  has_started_ = has_started_ || starts;
  has_ended_ = has_ended_ || ends;
  return {};
}

std::optional<std::string> PeerRules::refuse(const Frame& frame) {
  if (!may_say(frame.kind))
    return fmt::format("a frame of the kind {} ({})", static_cast<int>(frame.kind), name_of(frame.kind));
  if (frame.payload.size() > most_bytes(frame.kind))
    return fmt::format("a {} of {} bytes", name_of(frame.kind), frame.payload.size());
  is_news_ = !is_data(frame.kind) || frame.sequence > received_;
  if (!is_news_) return {};
  if (is_data(frame.kind) && frame.sequence != received_ + 1)
    return fmt::format("a frame with the number {} after number {}", frame.sequence, received_);
  const bool is_anothers =
      frame.kind == FrameKind::stop_request && role_ == Role::rank && !is_signal_of_scheduler(frame);
  if (!is_sound(frame) || is_anothers)
    return frame.kind == FrameKind::output ? "an output that is not made of whole lines"
                                           : fmt::format("a broken {}", name_of(frame.kind));
  if (auto why = refuse_order(frame)) return why;
  if (is_data(frame.kind)) received_ = frame.sequence;
  return {};
}

}  // namespace smlaunch
