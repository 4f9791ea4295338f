// SPDX-License-Identifier: Apache-2.0
// Bytes in, whole lines out.
#pragma once

#include <string>
#include <string_view>

namespace smlaunch {

// A line ends at \n, \r\n or a lone \r (a progress bar's states are lines). Bytes within a line are not
// looked at: NULs and broken UTF-8 pass. A line of more than longest_line bytes is cut there.
class LineSplitter {
 public:
  static constexpr std::size_t longest_line = 64U << 20U;

  // Appends every line that `bytes` completes to `lines`, each ended by \n.
  void feed(std::string_view bytes, std::string& lines);

  // At the end of the stream: bytes that no newline follows become a line.
  void finish(std::string& lines);

 private:
  void end_line(std::string& lines);
  std::string partial_;
  bool after_return_ = false;
};

}  // namespace smlaunch
