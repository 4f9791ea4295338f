// SPDX-License-Identifier: Apache-2.0
#include "topology/id_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <utility>

namespace smlaunch {
namespace {

constexpr int largest_id = 1'048'575;

// Digits only: no sign, no blank.
std::optional<int> parse_id(std::string_view text, int highest) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end || value > highest) return std::nullopt;
  return value;
}

}  // namespace

std::string to_string(const IdSet& ids) {
  std::string text;
  for (std::size_t first = 0; first < ids.size();) {
    std::size_t last = first;
    while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += first == last ? fmt::format("{}", ids[first]) : fmt::format("{}-{}", ids[first], ids[last]);
    first = last + 1;
  }
  return text;
}

std::optional<IdSet> parse_id_set(std::string_view text) { return parse_id_set(text, largest_id); }

std::optional<IdSet> parse_id_set(std::string_view text, int highest) {
  if (text.empty()) return IdSet{};
  std::vector<std::pair<int, int>> ranges;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const std::string_view part = text.substr(begin, comma - begin);
    const std::size_t dash = part.find('-');
    const auto first = parse_id(part.substr(0, dash), highest);
    const auto last = dash == std::string_view::npos ? first : parse_id(part.substr(dash + 1), highest);
    if (!first || !last || *first > *last) return std::nullopt;
    ranges.emplace_back(*first, *last);
    begin = comma + 1;
  }
  // Every number is added once and in order, so that a hostile list of overlapping ranges costs no more than
  // its result.
  std::sort(ranges.begin(), ranges.end());
  IdSet ids;
  for (const auto& [first, last] : ranges) {
    for (int id = ids.empty() ? first : std::max(first, ids.back() + 1); id <= last; ++id) ids.push_back(id);
  }
  return ids;
}

IdSet intersection(const IdSet& a, const IdSet& b) {
  IdSet both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

IdSet without(const IdSet& all, const IdSet& some) {
  IdSet rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(rest));
  return rest;
}

IdSet united(const IdSet& a, const IdSet& b) {
  IdSet either;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(either));
  return either;
}

}  // namespace smlaunch
