// SPDX-License-Identifier: Apache-2.0
// Why a program failed, in its own words, and small tools for reading its lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

struct Reason {
  std::string text = {};      // one line without colours
  std::size_t begin = 0;      // the first line that says it
  std::size_t end = 0;        // the line after the last one
  bool is_error = false;      // the lines read like an error; else they are only the last words
  bool is_traceback = false;  // of Python
  bool may_follow = false;    // a process that already ends for another reason may say this, too
};

std::string_view trimmed(std::string_view text);
inline bool is_blank(std::string_view line) { return trimmed(line).empty(); }
inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// `text` as one line: control characters become blanks, and blanks at both ends are left out. If it has more
// than `most` bytes, its middle is left out, between two characters of UTF-8.
std::string one_line(std::string_view text, std::size_t most);

}  // namespace smlaunch
