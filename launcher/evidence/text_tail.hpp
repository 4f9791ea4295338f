// SPDX-License-Identifier: Apache-2.0
// The end of a program's output: the lines that people want to see when it failed.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

// Keeps the last lines, at most 200 lines and 16 KiB. Where a Python traceback began before them and no
// other came after it, that traceback is kept, too, whole up to 32 KiB.
class TextTail {
 public:
  // Each of `lines` ends with \n; they were read at `now_ns`.
  void add(std::string_view lines, std::uint64_t now_ns = 0);
  [[nodiscard]] std::vector<std::string> lines() const;
  // When the last Python traceback began to come; 0: none came.
  [[nodiscard]] std::uint64_t traceback_ns() const { return traceback_ns_; }

 private:
  void keep_traceback(std::string line);

  std::deque<std::string> lines_;
  std::size_t bytes_ = 0;
  std::vector<std::string> traceback_;  // the last traceback that has left lines_, at least in part
  std::size_t traceback_bytes_ = 0;
  bool in_lost_traceback_ = false;  // its end is still in lines_
  std::uint64_t traceback_ns_ = 0;
};

}  // namespace smlaunch
