// SPDX-License-Identifier: Apache-2.0
#include "mpi/tagged_line.hpp"

#include <charconv>

namespace smlaunch {

std::optional<TaggedLine> parse_tagged_line(std::string_view line) {
  if (!line.starts_with('[')) return {};
  const std::size_t bracket = line.find("]<std");
  if (bracket == std::string_view::npos) return {};
  const std::string_view inside = line.substr(1, bracket - 1);
  const std::size_t comma = inside.rfind(',');
  if (comma == std::string_view::npos || inside.find_first_of(" \t") != std::string_view::npos) return {};
  const std::string_view number = inside.substr(comma + 1);
  TaggedLine found;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), found.rank);
  if (error != std::errc() || end != number.data() + number.size() || found.rank < 0) return {};
  std::string_view rest = line.substr(bracket + 1);
  if (rest.starts_with("<stderr>:"))
    found.is_stderr = true;
  else if (!rest.starts_with("<stdout>:"))
    return {};
  found.text = rest.substr(std::string_view("<stdout>:").size());
  return found;
}

}  // namespace smlaunch
