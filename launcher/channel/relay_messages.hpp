// SPDX-License-Identifier: Apache-2.0
// One agent of a host, its relay, may carry the connections of its neighbours, the other agents of that host, inside its
// own connection to the leader. What goes around their frames there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/channel/frame.hpp"

namespace smlaunch {

// The payload of relayed_up and relayed_down: a rank, and one whole frame of its agent's or for its agent.
struct RelayedFrame {
  int rank = 0;
  Frame frame;
};
// The payload of relayed_end and relayed_quiet: a rank, and for how long its agent has said nothing.
struct RelayedNotice {
  int rank = 0;
  std::uint32_t milliseconds = 0;
};

inline bool is_relayed(FrameKind kind) {
  return kind >= FrameKind::relayed_up && kind <= FrameKind::relayed_quiet;
}

// Whole frames. `frame`: the bytes of one.
std::string encode_relayed(FrameKind kind, int rank, std::string_view frame);
std::string encode_notice(FrameKind kind, const RelayedNotice& notice);

// Nothing for bytes that are not exactly that. Whether the frame inside may be there is not looked at.
std::optional<RelayedFrame> decode_relayed(std::string_view payload);
std::optional<RelayedNotice> decode_notice(std::string_view payload);

}  // namespace smlaunch
