// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/relay.hpp"

#include <utility>

#include "launcher/channel/messages.hpp"
#include "launcher/channel/relay_messages.hpp"

namespace smlaunch {

namespace {

// The leader asks every second, and answers come at once: who has said nothing for so long does not answer.
constexpr std::uint64_t quiet_ns = 2'500'000'000;
// The leader has asked nothing for so long: it, or we, were stopped, and nobody was silent.
constexpr std::uint64_t longest_beat_ns = 3'000'000'000;

}  // namespace

Relay::Work Relay::leader_came() {
  has_leader_ = true;
  pinged_ns_ = 0;
  Work work;
  for (auto& [neighbour, known] : neighbours_)
    work.to_leader +=
        encode_relayed(FrameKind::relayed_up, known.rank, std::exchange(known.hello, std::string()));
  return work;
}

Relay::Work Relay::leader_went() {
  has_leader_ = false;
  Work work;
  for (const auto& [neighbour, known] : neighbours_) work.to_close.push_back(neighbour);
  neighbours_.clear();
  by_rank_.clear();
  return work;
}

Relay::Work Relay::heard(Neighbour neighbour, const Frame& frame, std::uint64_t now_ns) {
  const auto found = neighbours_.find(neighbour);
  if (found == neighbours_.end()) return greeted(neighbour, frame, now_ns);
  Known& known = found->second;
  known.heard_ns = now_ns;
  Work work;
  if (!known.is_welcome) {
    // It does not wait for its welcome, so it is none of ours.
    work = gone(neighbour);
    work.to_close.push_back(neighbour);
    return work;
  }
  work.to_leader = encode_relayed(FrameKind::relayed_up, known.rank, encode_frame(frame));
  work.is_urgent = frame.kind == FrameKind::pong && !std::exchange(known.has_answered, true);
  return work;
}

Relay::Work Relay::greeted(Neighbour neighbour, const Frame& frame, std::uint64_t now_ns) {
  Work work;
  const auto hello = frame.kind == FrameKind::hello ? decode_hello(frame.payload) : std::nullopt;
  if (!hello || hello->peer < 0 || hello->peer == own_rank_ || hello->node_rank ||
      by_rank_.contains(hello->peer)) {
    work.to_close.push_back(neighbour);
    return work;
  }
  Known known{.rank = hello->peer,
              .hello = encode_frame(frame),
              .heard_ns = now_ns,
              .is_welcome = false,
              .has_answered = false};
  if (has_leader_)
    work.to_leader =
        encode_relayed(FrameKind::relayed_up, known.rank, std::exchange(known.hello, std::string()));
  by_rank_[known.rank] = neighbour;
  neighbours_.emplace(neighbour, std::move(known));
  return work;
}

Relay::Work Relay::gone(Neighbour neighbour) {
  Work work;
  const auto found = neighbours_.find(neighbour);
  if (found == neighbours_.end()) return work;
  if (found->second.hello.empty() && has_leader_)
    work.to_leader = encode_notice(FrameKind::relayed_end, {found->second.rank, 0});
  by_rank_.erase(found->second.rank);
  neighbours_.erase(found);
  return work;
}

std::map<Relay::Neighbour, Relay::Known>::iterator Relay::find(int rank) {
  const auto found = by_rank_.find(rank);
  return found == by_rank_.end() ? neighbours_.end() : neighbours_.find(found->second);
}

Relay::Work Relay::told(const Frame& frame, std::uint64_t now_ns) {
  Work work;
  if (frame.kind == FrameKind::ping) {
    for (const auto& [neighbour, known] : neighbours_)
      if (known.is_welcome) work.to_neighbours.emplace_back(neighbour, encode_frame(frame));
    work.to_leader = tell_quiet(now_ns);
  } else if (frame.kind == FrameKind::relayed_down) {
    auto relayed = decode_relayed(frame.payload);
    if (!relayed) return work;
    const auto to = find(relayed->rank);
    if (to == neighbours_.end()) return work;
    to->second.is_welcome = to->second.is_welcome || relayed->frame.kind == FrameKind::welcome;
    work.to_neighbours.emplace_back(to->first, encode_frame(relayed->frame));
  } else if (frame.kind == FrameKind::relayed_end) {
    const auto notice = decode_notice(frame.payload);
    const auto of = notice ? find(notice->rank) : neighbours_.end();
    if (of == neighbours_.end()) return work;
    work.to_close.push_back(of->first);
    by_rank_.erase(of->second.rank);
    neighbours_.erase(of);
  }
  return work;
}

std::string Relay::tell_quiet(std::uint64_t now_ns) {
  if (pinged_ns_ != 0 && now_ns - pinged_ns_ > longest_beat_ns) hold_back(now_ns);
  pinged_ns_ = now_ns;
  std::string told;
  for (const auto& [neighbour, known] : neighbours_) {
    if (!known.is_welcome || known.heard_ns + quiet_ns > now_ns) continue;
    const auto silent = static_cast<std::uint32_t>((now_ns - known.heard_ns) / 1'000'000);
    told += encode_notice(FrameKind::relayed_quiet, {known.rank, silent});
  }
  return told;
}

Relay::Work Relay::leader_is_quiet(std::optional<std::uint64_t> since_ns) const {
  Work work;
  const std::string frame =
      encode_frame(FrameKind::leader_quiet, since_ns ? encode_number(*since_ns) : std::string());
  for (const auto& [neighbour, known] : neighbours_)
    if (known.is_welcome) work.to_neighbours.emplace_back(neighbour, frame);
  return work;
}

void Relay::hold_back(std::uint64_t now_ns) {
  for (auto& [neighbour, known] : neighbours_) known.heard_ns = now_ns;
}

}  // namespace smlaunch
