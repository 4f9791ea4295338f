// SPDX-License-Identifier: Apache-2.0
// Text as Python sees it: UTF-8 in which a lone surrogate is kept in its three-byte form.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace smlaunch {

struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;  // in bytes; 0: no character begins here
};

// The character at `at`, which must lie inside `text`. Lone surrogates are let through.
CodePoint decode_code_point(std::string_view text, std::size_t at);
void append_code_point(std::string& text, char32_t value);
std::size_t count_code_points(std::string_view text);

constexpr bool is_surrogate(char32_t value) { return value >= 0xD800 && value <= 0xDFFF; }

// Where `text` stops being strict UTF-8 (no surrogates), if it does.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// Strict UTF-8 without NUL: anything else becomes U+FFFD.
std::string repair_utf8(std::string_view text);

// str.isprintable() of one character.
bool is_printable(char32_t value);

// str.upper().
std::string python_upper(std::string_view text);

}  // namespace smlaunch
