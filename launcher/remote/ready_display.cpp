// SPDX-License-Identifier: Apache-2.0
// Policy: nothing is shown in the first second. In a log the first line comes after 5 s; the waits for the
// next lines are 10, 20, 40 s and then always 60 s: an hour of waiting is about 60 lines.
#include "launcher/remote/ready_display.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/own_words.hpp"
#include "launcher/remote/render_ready.hpp"

namespace smlaunch {
namespace {

constexpr double quiet_on_terminal = 1;
constexpr double quiet_in_log = 5;
constexpr double first_interval = 10;
constexpr double longest_interval = 60;
constexpr std::size_t log_width = 400;
constexpr const char* prefix = "smlaunch: ";

std::size_t probe_terminal_width(int fd) {
  winsize size{};
  const bool known = ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
  return known ? size.ws_col : 80;
}

}  // namespace

ReadyDisplay::ReadyDisplay(int fd)
    : fd_(fd),
      terminal_(::isatty(fd) == 1),
      next_(terminal_ ? quiet_on_terminal : quiet_in_log),
      interval_(first_interval) {}

ReadyDisplay::~ReadyDisplay() {
  if (line_shown_) write_text(fd_, "\r\033[K");
}

void ReadyDisplay::show(const RemoteReport& report) {
  if (report.seconds < next_ || report.ready) return;
  if (terminal_) {
    // One column stays free: a full line would wrap on some terminals.
    const std::size_t width = probe_terminal_width(fd_) - std::string_view(prefix).size() - 1;
    write_text(fd_, fmt::format("\r{}{}\033[K", prefix, render_ready_line(report, width)));
    line_shown_ = true;
  } else {
    write_text(fd_, fmt::format("{}{}\n", prefix, render_ready_line(report, log_width)));
    next_ = report.seconds + interval_;
    interval_ = std::min(2 * interval_, longest_interval);
  }
}

RemoteReport run_shown(bool quiet, RemoteRequest request) {
  ReadyDisplay display(2);
  if (!quiet) request.progress = [&](const RemoteReport& now) { display.show(now); };
  return run_on_hosts(request);
}

}  // namespace smlaunch
