// SPDX-License-Identifier: Apache-2.0
#include "launcher/report/rank_ranges.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace smlaunch {

std::string rank_ranges(const std::vector<int>& numbers) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t j = i;
    while (j + 1 < numbers.size() && numbers[j + 1] == numbers[j] + 1) ++j;
    parts.push_back(i == j ? std::to_string(numbers[i]) : fmt::format("{}-{}", numbers[i], numbers[j]));
    i = j + 1;
  }
  constexpr std::size_t most = 12;
  if (parts.size() <= most) return fmt::format("{}", fmt::join(parts, ", "));
  const std::vector<std::string> first(parts.begin(), parts.begin() + most);
  return fmt::format("{}, … ({} in all)", fmt::join(first, ", "), numbers.size());
}

}  // namespace smlaunch
