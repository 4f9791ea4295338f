// SPDX-License-Identifier: Apache-2.0
// What an agent tells the leader of the ranks that its program, a starter (torchrun), has started.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/process/exit_status.hpp"

namespace smlaunch {

struct StarterRankNews {
  int rank = 0;
  int pid = 0;
  std::uint64_t time_ns = 0;  // when it was seen, by the agent's steady clock
  bool has_ended = false;     // else it was started
  std::optional<ExitStatus> status =
      {};                 // of a rank that has ended; nothing: its starter took it away unseen
  bool is_final = false;  // of a rank that has ended: its starter will not start it again
};

std::string encode(const StarterRankNews&);

// Nothing for text that is no such message, or has a number that its field cannot have.
std::optional<StarterRankNews> decode_starter_rank(std::string_view text);

}  // namespace smlaunch
