// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace smlaunch {

// PyTorch's words before a line, which tell whose line it is: torchrun writes "[default1]:" with the local
// rank, a rank's own exception has "[rank1]: " with the rank; both may stand there.
struct RankPrefix {
  std::optional<int> local_rank;
  std::optional<int> rank;
  std::size_t length = 0;  // in bytes; 0: there is no prefix
};
RankPrefix parse_rank_prefix(std::string_view line);

}  // namespace smlaunch
