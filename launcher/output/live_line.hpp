// SPDX-License-Identifier: Apache-2.0
// The last line of a terminal: it tells what goes on, and is never among the lines that stay.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace smlaunch {

// How many columns it may have on this terminal. One stays free: a full line would wrap on some terminals.
std::size_t probe_live_width(int fd);

class LiveLine {
 public:
  // `fd`: where it is drawn. Where that is no terminal, nothing is.
  explicit LiveLine(int fd);

  void set(std::string text) { text_ = std::move(text); }  // empty: no line
  // Draws it as it is now, as much of it as the terminal is wide.
  void draw();
  // Lines follow on `stream`, stdout (1) or stderr (2): the line goes, if that is a terminal.
  void make_room(int stream);

 private:
  void erase();

  int fd_;
  bool is_terminal_;
  std::array<bool, 3> shares_terminal_{};  // a stream
  std::string text_;
  std::string shown_;  // empty: no line is there
};

}  // namespace smlaunch
