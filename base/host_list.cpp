// SPDX-License-Identifier: Apache-2.0
#include "base/host_list.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace smlaunch {

std::string join_names(const std::vector<std::string>& names) {
  constexpr std::size_t most_named = 6;
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < most_named; ++i) list += (i == 0 ? "" : ", ") + names[i];
  return names.size() <= most_named ? list : fmt::format("{} and {} more", list, names.size() - most_named);
}

}  // namespace smlaunch
