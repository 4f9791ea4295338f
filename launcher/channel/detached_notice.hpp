// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace smlaunch {

// In the words that an agent without a channel says first, on its stderr. The leader reads them where mpirun
// passes them on: there is no other way to it then.
inline constexpr std::string_view detached_notice = " has no channel to the leader";

inline bool is_detached_notice(std::string_view line) {
  return line.starts_with("smlaunch: rank ") && line.find(detached_notice) != std::string_view::npos;
}

}  // namespace smlaunch
