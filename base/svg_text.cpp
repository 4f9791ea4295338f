// SPDX-License-Identifier: Apache-2.0
#include "base/svg_text.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace smlaunch {
namespace {

constexpr std::uint32_t replacement = 0xfffd;

struct Character {
  std::uint32_t code = replacement;
  std::size_t bytes = 1;
};

// The first character of a text that is not empty. A byte that begins no character counts as one by itself.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead >= 0xf5 || text.size() < length) return {};
  std::uint32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code = code << 6U | (byte(i) & 0x3fU);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return code < least[length] || code > 0x10ffff ? Character{} : Character{code, length};
}

// The Char of XML 1.0, without the line breaks and tabs that a label has no use for.
bool is_allowed(std::uint32_t code) {
  return code >= 0x20 && code != 0x7f && !(code >= 0xd800 && code < 0xe000) && code != 0xfffe &&
         code != 0xffff;
}

// A character's width as a part of the letter size, in DejaVu Sans, which is wider than most fonts. Han,
// Kana, Hangul and pictures fill a square.
double width_of(std::uint32_t code) {
  if (code >= 0x1100) return code >= 0x2000 && code < 0x2e80 ? 1.0 : 1.05;
  const char c = code < 0x80 ? static_cast<char>(code) : 'M';
  if (std::string_view("ijl|'.,:;! ").find(c) != std::string_view::npos) return 0.34;
  if (std::string_view("frtI()[]-/\\").find(c) != std::string_view::npos) return 0.42;
  if (std::string_view("mwMW@%").find(c) != std::string_view::npos) return 0.99;
  if (c >= 'A' && c <= 'Z') return 0.71;
  return 0.64;
}

}  // namespace

std::string xml_text(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Character next = first_character(text);
    if (next.code == replacement || !is_allowed(next.code))
      result += "\xef\xbf\xbd";
    else if (next.code == '&')
      result += "&amp;";
    else if (next.code == '<')
      result += "&lt;";
    else if (next.code == '>')
      result += "&gt;";
    else if (next.code == '"')
      result += "&quot;";
    else
      result += text.substr(0, next.bytes);
    text.remove_prefix(next.bytes);
  }
  return result;
}

int text_width(std::string_view text, int size, bool bold) {
  double width = 0;
  while (!text.empty()) {
    const Character next = first_character(text);
    width += width_of(next.code) * (bold ? 1.11 : 1.0);
    text.remove_prefix(next.bytes);
  }
  return static_cast<int>(width * size) + 1;
}

std::string fitted(std::string_view text, int width, int size, bool bold) {
  if (text_width(text, size, bold) <= width) return std::string(text);
  constexpr std::string_view ellipsis = "\u2026";
  std::size_t kept = 0;
  while (kept < text.size()) {
    const std::size_t next = kept + first_character(text.substr(kept)).bytes;
    if (text_width(std::string(text.substr(0, next)) + std::string(ellipsis), size, bold) > width) break;
    kept = next;
  }
  return kept == 0 ? "" : std::string(text.substr(0, kept)) + std::string(ellipsis);
}

}  // namespace smlaunch
