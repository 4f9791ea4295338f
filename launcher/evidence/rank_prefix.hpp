// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace smlaunch {

// Whose line it is, as PyTorch writes before it: torchrun "[default1]:" with the local rank, a rank's own
// exception "[rank1]: " with the rank; both may stand there.
struct RankPrefix {
  std::optional<int> local_rank;
  std::optional<int> rank;
  std::size_t length = 0;  // in bytes; 0: there is none
};
RankPrefix parse_rank_prefix(std::string_view line);

}  // namespace smlaunch
