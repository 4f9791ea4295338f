// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace smlaunch {

// An agent without a channel has no other way to the leader than its stderr, which mpirun passes on. Its
// first line begins with this mark; a sentence for people follows.
inline constexpr std::string_view detached_mark = "smlaunch: [agent without channel] ";

// The sentence after the mark; nothing: the line does not begin with it.
inline std::optional<std::string_view> parse_detached_notice(std::string_view line) {
  if (!line.starts_with(detached_mark)) return {};
  return line.substr(detached_mark.size());
}

}  // namespace smlaunch
