// SPDX-License-Identifier: Apache-2.0
#include "launcher/evidence/reason.hpp"

#include <algorithm>

namespace smlaunch {

namespace {

constexpr std::string_view left_out = " [...] ";

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string one_line(std::string_view text, std::size_t most) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  line = std::string(trimmed(line));
  if (line.size() <= most) return line;
  // The beginning says what is wrong; the end often says with which thing.
  std::size_t head = most * 2 / 3;
  while (head > 0 && continues_character(line[head])) --head;
  std::size_t tail = line.size() - (most - std::min(most, head + left_out.size()));
  while (tail < line.size() && continues_character(line[tail])) ++tail;
  return line.substr(0, head) + std::string(left_out) + line.substr(tail);
}

}  // namespace smlaunch
