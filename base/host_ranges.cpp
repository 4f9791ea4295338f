// SPDX-License-Identifier: Apache-2.0
#include "base/host_ranges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace smlaunch {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t most_digits = 18;

using Names = std::vector<std::string>;

std::optional<std::uint64_t> parse_number(std::string_view digits) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || digits.size() > most_digits || error != std::errc() || stopped != end) return {};
  return value;
}

// What stands in one bracket: "01-04,7" -> 01 02 03 04 7.
tl::expected<Names, std::string> expand_bracket(std::string_view entry, std::string_view bracket) {
  Names numbers;
  for (std::size_t start = 0; start <= bracket.size();) {
    const std::size_t comma = std::min(bracket.find(',', start), bracket.size());
    const std::string_view range = bracket.substr(start, comma - start);
    start = comma + 1;
    const std::size_t dash = range.find('-');
    const std::string_view first_digits = range.substr(0, dash);
    const auto first = parse_number(first_digits);
    const auto last = dash == std::string_view::npos ? first : parse_number(range.substr(dash + 1));
    if (!first || !last)
      return tl::unexpected(fmt::format("'{}' holds '{}' where a number or a range may stand", entry, range));
    if (*last < *first) return tl::unexpected(fmt::format("'{}' has a range that runs backwards", entry));
    if (*last - *first >= most_listed_hosts - numbers.size())
      return tl::unexpected(fmt::format("'{}' names more than {} hosts", entry, most_listed_hosts));
    for (std::uint64_t number = *first; number <= *last; ++number)
      numbers.push_back(fmt::format("{:0{}}", number, first_digits.size()));
  }
  return numbers;
}

}  // namespace

std::vector<std::string_view> split_host_list(std::string_view text) {
  std::vector<std::string_view> entries;
  std::size_t at = text.find_first_not_of(blanks);
  while (at != std::string_view::npos) {
    std::size_t end = at;
    for (bool in_bracket = false; end < text.size(); ++end) {
      if (text[end] == '[' || text[end] == ']') in_bracket = text[end] == '[';
      if (!in_bracket && (text[end] == ',' || blanks.find(text[end]) != std::string_view::npos)) break;
    }
    entries.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(blanks, end);
    if (at == std::string_view::npos || text[at] != ',') continue;
    at = text.find_first_not_of(blanks, at + 1);
    if (at == std::string_view::npos) entries.emplace_back();
  }
  return entries;
}

tl::expected<std::vector<std::string>, std::string> expand_host_ranges(std::string_view entry) {
  Names names = {""};
  for (std::string_view rest = entry; !rest.empty();) {
    const std::size_t open = std::min(rest.find('['), rest.size());
    const std::string_view plain = rest.substr(0, open);
    if (plain.find(']') != std::string_view::npos)
      return tl::unexpected(fmt::format("'{}' closes a bracket that it has not opened", entry));
    for (std::string& name : names) name += plain;
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const std::size_t close = rest.find(']');
    if (close == std::string_view::npos)
      return tl::unexpected(fmt::format("'{}' opens a bracket and does not close it", entry));
    const auto numbers = expand_bracket(entry, rest.substr(1, close - 1));
    if (!numbers) return tl::unexpected(numbers.error());
    rest.remove_prefix(close + 1);
    if (names.size() * numbers->size() > most_listed_hosts)
      return tl::unexpected(fmt::format("'{}' names more than {} hosts", entry, most_listed_hosts));
    Names longer;
    longer.reserve(names.size() * numbers->size());
    for (const std::string& name : names)
      for (const std::string& number : *numbers) longer.push_back(name + number);
    names = std::move(longer);
  }
  return names;
}

}  // namespace smlaunch
