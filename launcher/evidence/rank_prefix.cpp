// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/rank_prefix.hpp"

#include <charconv>
#include <utility>

namespace smlaunch {

namespace {

// "[rank12]: " -> 12, and the length of the prefix.
std::optional<std::pair<int, std::size_t>> parse_prefix(std::string_view line, std::string_view name) {
  if (!line.starts_with(name)) return {};
  const char* begin = line.data() + name.size();
  int number = 0;
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), number);
  const std::string_view rest = line.substr(static_cast<std::size_t>(end - line.data()));
  if (error != std::errc() || number < 0 || !rest.starts_with("]:")) return {};
  return std::pair{number, static_cast<std::size_t>(end - line.data()) + 2};
}

}  // namespace

RankPrefix parse_rank_prefix(std::string_view line) {
  RankPrefix prefix;
  if (const auto local = parse_prefix(line, "[default")) {
    prefix.local_rank = local->first;
    prefix.length = local->second;
  }
  if (const auto rank = parse_prefix(line.substr(prefix.length), "[rank")) {
    prefix.rank = rank->first;
    prefix.length += rank->second;
    if (line.substr(prefix.length).starts_with(' ')) ++prefix.length;
  }
  return prefix;
}

}  // namespace smlaunch
