// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/silence.hpp"

#include <algorithm>

namespace smlaunch {

namespace {

// The kernel asks a silent host every second (Link::ask_kernel); two answers may be late.
constexpr std::chrono::nanoseconds shortest_proof = std::chrono::seconds(3);
// The leader's last word was acknowledged, too: that is no news.
constexpr std::chrono::nanoseconds newer_by = std::chrono::milliseconds(300);

constexpr std::chrono::nanoseconds shortest_rest = std::chrono::milliseconds(500);
// The leader says something every second, but may be late: a bound that is so near is watched.
constexpr std::chrono::nanoseconds longest_word = std::chrono::milliseconds(2000);

}  // namespace

SilenceVerdict judge_silence(std::chrono::nanoseconds silent,
                             std::optional<std::chrono::nanoseconds> acknowledged,
                             const SilenceBounds& bounds) {
  const bool answers = acknowledged && *acknowledged <= std::max(bounds.lost_after / 2, shortest_proof) &&
                       *acknowledged + newer_by < silent;
  if (silent > bounds.lost_after) {
    const bool may_wait = !bounds.leader_wait || silent <= bounds.lost_after + *bounds.leader_wait;
    return answers && may_wait ? SilenceVerdict::wait : SilenceVerdict::lost;
  }
  return silent > bounds.lost_after / 2 && !answers ? SilenceVerdict::reconnect : SilenceVerdict::wait;
}

std::chrono::nanoseconds next_look(std::chrono::nanoseconds silent, std::chrono::nanoseconds lost_after) {
  const std::chrono::nanoseconds free = lost_after / 2 - silent;
  return free < longest_word ? shortest_rest : free;
}

}  // namespace smlaunch
