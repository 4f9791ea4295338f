// SPDX-License-Identifier: Apache-2.0
// What a leader's silence means: pure. A host that is gone, or cut off, acknowledges nothing. One whose
// kernel still acknowledges what is sent to it has a leader that was stopped (SIGSTOP, a debugger, a frozen
// container) and may go on; a leader that has ended would have closed the connection.
#pragma once

#include <chrono>
#include <optional>

namespace smlaunch {

struct SilenceBounds {
  std::chrono::nanoseconds lost_after{0};
  // Beyond that, for a leader that has been stopped; nothing: it has said that it stops, and may take its
  // time.
  std::optional<std::chrono::nanoseconds> leader_wait;
};

enum class SilenceVerdict {
  wait,
  reconnect,  // the connection may hang on a network that has changed
  lost,
};

// `silent`: since the leader was heard. `acknowledged`: since its host's kernel last was; nothing: there is
// no connection.
SilenceVerdict judge_silence(std::chrono::nanoseconds silent,
                             std::optional<std::chrono::nanoseconds> acknowledged,
                             const SilenceBounds& bounds);

// How long, from now on, a leader that says nothing cannot be more than silent: nobody needs to look until then.
// `silent`: as above. Never less than half a second, so that who looks then is at rest.
std::chrono::nanoseconds next_look(std::chrono::nanoseconds silent, std::chrono::nanoseconds lost_after);

}  // namespace smlaunch
