// SPDX-License-Identifier: Apache-2.0
// What a peer with the token sends: frames, and all that they may carry.
#include "launcher/channel/device_messages.hpp"
#include "launcher/channel/frame.hpp"
#include "launcher/channel/host_messages.hpp"
#include "launcher/channel/messages.hpp"
#include "launcher/channel/peer_rules.hpp"
#include "launcher/channel/progress_messages.hpp"
#include "launcher/channel/relay.hpp"
#include "launcher/channel/relay_messages.hpp"
#include "launcher/channel/starter_messages.hpp"
#include "launcher/channel/status_messages.hpp"
#include "launcher/channel/stop_messages.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  if (bytes.empty()) return;
  const bool is_rank = bytes.front() % 2 == 0;
  bytes.remove_prefix(1);
  PeerRules rules(is_rank ? PeerRules::Role::rank : PeerRules::Role::worker);
  FrameReader reader(1U << 20U);
  reader.feed(bytes);
  std::uint64_t received = 0;
  Relay relay(0);
  (void)relay.leader_came();
  while (auto frame = reader.next()) {
    // All that could ever be made of it.
    (void)decode_hello(frame->payload);
    (void)decode_welcome(frame->payload);
    (void)decode_start(frame->payload);
    (void)decode_input(frame->payload);
    (void)decode_started(frame->payload);
    (void)decode_pong(frame->payload);
    (void)decode_job_end(frame->payload);
    (void)decode_hand_over(frame->payload);
    (void)decode_rank_state(frame->payload);
    (void)decode_number(frame->payload);
    (void)decode_passed_signal(frame->payload);
    (void)decode_release(frame->payload);
    (void)decode_left_running(frame->payload);
    (void)decode_progress(frame->payload);
    (void)decode_starter_rank(frame->payload);
    (void)decode_start_agents(frame->payload);
    (void)decode_signal_agents(frame->payload);
    (void)decode_agents_ended(frame->payload);
    (void)decode_status_wanted(frame->payload);
    (void)decode_status_told(frame->payload);
    if (const auto news = decode_device_news(frame->payload)) {
      must(!news->events.empty() && news->events.size() <= 16 && news->since_ns <= news->time_ns);
      for (const DeviceEvent& event : news->events) must(event.device.size() + event.text.size() <= 768);
    }
    (void)decode_refusal(frame->payload);
    if (const auto relayed = decode_relayed(frame->payload)) {
      must(relayed->rank >= 0);
      must(encode_relayed(FrameKind::relayed_up, relayed->rank, encode_frame(relayed->frame)) ==
           encode_frame(FrameKind::relayed_up, frame->payload));
    }
    if (const auto notice = decode_notice(frame->payload))
      must(encode_notice(FrameKind::relayed_end, *notice) ==
           encode_frame(FrameKind::relayed_end, frame->payload));
    (void)relay.told(*frame, 2);
    (void)relay.heard(is_rank ? 1 : 2, *frame, 2);
    if (const auto ended = decode_ended(frame->payload))
      if (const auto* signaled = std::get_if<Signaled>(&ended->end.status))
        must(signaled->signal >= 1 && signaled->signal <= 64);
    if (rules.refuse(*frame)) return;
    must(rules.received() - received <= 1);
    received = rules.received();
    if (frame->kind == FrameKind::output && rules.is_news())
      must(decode_output(frame->payload)->lines.ends_with('\n'));
  }
}

}  // namespace smlaunch
