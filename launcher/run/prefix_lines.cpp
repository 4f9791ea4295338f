// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/prefix_lines.hpp"

namespace smlaunch {

std::string prefix_lines(std::string_view prefix, std::string_view lines) {
  std::string text;
  text.reserve(lines.size() + lines.size() / 2);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n') + 1);
    text += prefix;
    text += line;
    lines.remove_prefix(line.size());
  }
  return text;
}

}  // namespace smlaunch
