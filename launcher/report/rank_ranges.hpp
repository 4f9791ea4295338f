// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

// "0-3, 7": ascending numbers of ranks for people; of very many parts the first, and how many ranks they are.
std::string rank_ranges(const std::vector<int>& ranks);

}  // namespace smlaunch
