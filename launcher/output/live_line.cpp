// SPDX-License-Identifier: Apache-2.0
#include "launcher/output/live_line.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/own_words.hpp"

namespace smlaunch {

namespace {

constexpr const char* erased = "\r\033[K";

// A job in the background leaves the terminal to whoever has it.
bool is_ours(int fd) {
  const pid_t group = tcgetpgrp(fd);
  return group < 0 || group == getpgrp();
}

// No character of several bytes is cut in two.
std::string cut(const std::string& text, std::size_t width) {
  if (text.size() <= width) return text;
  while (width > 0 && (static_cast<unsigned char>(text[width]) & 0xC0U) == 0x80U) --width;
  return text.substr(0, width);
}

}  // namespace

std::size_t probe_live_width(int fd) {
  constexpr std::size_t usual = 80;
  winsize size{};
  const bool is_known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return (is_known ? size.ws_col : usual) - 1;
}

LiveLine::LiveLine(int fd) : fd_(fd), is_terminal_(isatty(fd) == 1) {
  for (int stream = 1; stream < 3; ++stream)
    shares_terminal_[static_cast<std::size_t>(stream)] = is_terminal_ && isatty(stream) == 1;
}

void LiveLine::draw() {
  if (!is_terminal_ || (text_.empty() && shown_.empty())) return;
  if (!is_ours(fd_)) {
    shown_.clear();
    return;
  }
  std::string line = cut(text_, probe_live_width(fd_));
  if (line == shown_) return;
  write_text(fd_, line.empty() ? erased : "\r" + line + "\033[K");
  shown_ = std::move(line);
}

void LiveLine::make_room(int stream) {
  if (shares_terminal_[static_cast<std::size_t>(stream)]) erase();
}

void LiveLine::erase() {
  if (!shown_.empty() && is_ours(fd_)) write_text(fd_, erased);
  shown_.clear();
}

}  // namespace smlaunch
