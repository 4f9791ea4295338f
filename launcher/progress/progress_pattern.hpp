// SPDX-License-Identifier: Apache-2.0
// --progress REGEX: which of the lines that a rank prints are progress, and what they say. The expression is
// JavaScript's, with named groups as Python and JavaScript write them: (?P<step>\d+), (?<step>\d+).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "launcher/progress/progress.hpp"

namespace smlaunch {

class ProgressPattern {
 public:
  // Errors (Fault::usage, of `where`): no such expression, a group's name is none of a value's, it looks ahead, or its
  // repetitions come to more than a thousand parts.
  static Result<ProgressPattern> parse(const std::string& expression, const std::string& where);

  // One heartbeat, with the groups that are numbers; none, where the line does not match. Of a long line only the
  // first 1024 bytes are looked at, and fewer for an expression of many parts (126 for a thousand): the time that it
  // takes is the square of that, times the parts, and stays below a second.
  [[nodiscard]] Progress match(std::string_view line) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace smlaunch
