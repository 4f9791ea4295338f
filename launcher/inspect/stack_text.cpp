// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/stack_text.hpp"

#include <algorithm>

namespace smlaunch {

std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view without_blanks(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> text_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::optional<PySpyFrame> parse_py_spy_frame(std::string_view line) {
  line = without_blanks(line);
  const std::size_t open = line.rfind(" (");
  if (open == std::string_view::npos || !line.ends_with(')')) return {};
  return PySpyFrame{.function = line.substr(0, open), .place = line.substr(open + 2, line.size() - open - 3)};
}

std::vector<std::string> parse_kernel_stack(std::string_view text) {
  std::vector<std::string> stack;
  for (std::string_view line : text_lines(text)) {
    if (const std::size_t bracket = line.find("] "); bracket != std::string_view::npos)
      line.remove_prefix(bracket + 2);
    line = line.substr(0, line.find('+'));
    if (!line.empty()) stack.emplace_back(line);
  }
  return stack;
}

}  // namespace smlaunch
