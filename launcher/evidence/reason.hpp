// SPDX-License-Identifier: Apache-2.0
// Why a program failed, in its own words, and the small tools by which its lines are read.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

struct Reason {
  std::string text = {};      // one line without colours
  std::size_t begin = 0;      // the lines that say it: from here
  std::size_t end = 0;        // up to before here
  bool is_error = false;      // they read like an error; else they are only the last words
  bool is_traceback = false;  // of Python
  bool may_follow = false;    // a process that is already ending for another reason may say so, too
};

std::string_view trimmed(std::string_view text);
inline bool is_blank(std::string_view line) { return trimmed(line).empty(); }
inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// `text` as one line: control characters are blanks, blanks at both ends are left out, and of more than `most`
// bytes the middle is, between two characters of UTF-8.
std::string one_line(std::string_view text, std::size_t most);

}  // namespace smlaunch
