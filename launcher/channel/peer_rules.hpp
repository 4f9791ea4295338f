// SPDX-License-Identifier: Apache-2.0
// What a peer may say to the leader, and in which order: pure. It knows the token, and may still be broken,
// of another version, or taken over: whatever it sends beyond this is refused, and it is named.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "launcher/channel/frame.hpp"

namespace smlaunch {

class PeerRules {
 public:
  enum class Role { rank, worker };
  explicit PeerRules(Role role) : role_(role) {}

  // Nothing: it may say that. Else why not, for people: "a frame with the number 1000000 after number 12".
  // Whatever is sent again after a new connection, though it had arrived, is no fault: see is_news().
  std::optional<std::string> refuse(const Frame& frame);
  // Of a frame that has not been refused: it had not come before.
  [[nodiscard]] bool is_news() const { return is_news_; }
  // The number of its last data frame.
  [[nodiscard]] std::uint64_t received() const { return received_; }
  // It has told how its rank ended.
  [[nodiscard]] bool has_ended() const { return has_ended_; }

 private:
  [[nodiscard]] bool may_say(FrameKind kind) const;
  std::optional<std::string> refuse_order(const Frame& frame);

  Role role_;
  std::uint64_t received_ = 0;
  bool is_news_ = true;
  bool has_started_ = false;
  bool has_ended_ = false;
};

}  // namespace smlaunch
