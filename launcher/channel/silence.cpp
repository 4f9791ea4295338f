// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/silence.hpp"

#include <algorithm>

namespace smlaunch {

namespace {

// The kernel asks a silent host every second (Link::ask_kernel); two answers may be late.
constexpr std::chrono::nanoseconds shortest_proof = std::chrono::seconds(3);
// The leader's last word was acknowledged, too: that is no news.
constexpr std::chrono::nanoseconds newer_by = std::chrono::milliseconds(300);

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

}  // namespace smlaunch
