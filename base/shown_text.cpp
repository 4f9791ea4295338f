// SPDX-License-Identifier: Apache-2.0
#include "base/shown_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smlaunch {

namespace {

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f;
}

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

// As it is shown: of a control character four bytes, of any other byte one.
std::size_t shown_size(char c) { return is_control(c) ? 4 : 1; }

std::string without_controls(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  for (const char c : text) {
    if (is_control(c))
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      shown += c;
  }
  return shown;
}

// How many of its first bytes are shown in `most` bytes.
template <typename Iterator>
std::size_t count_fitting(Iterator begin, Iterator end, std::size_t most) {
  std::size_t shown = 0;
  const Iterator first_too_many =
      std::find_if(begin, end, [&](char c) { return (shown += shown_size(c)) > most; });
  return static_cast<std::size_t>(first_too_many - begin);
}

}  // namespace

std::string shown_text(std::string_view text, std::size_t most) {
  if (count_fitting(text.begin(), text.end(), most) == text.size()) return without_controls(text);
  std::size_t begin = count_fitting(text.begin(), text.end(), most / 2);
  std::size_t end = text.size() - count_fitting(text.rbegin(), text.rend(), most / 2);
  // No character is cut in two.
  while (begin > 0 && continues_character(text[begin])) --begin;
  while (end < text.size() && continues_character(text[end])) ++end;
  return fmt::format("{}...({} bytes)...{}", without_controls(text.substr(0, begin)), end - begin,
                     without_controls(text.substr(end)));
}

}  // namespace smlaunch
