// SPDX-License-Identifier: Apache-2.0
#include "launcher/contract/s3/transfer_display.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace smlaunch {

namespace {

constexpr std::chrono::milliseconds interval{200};
constexpr std::string_view prefix = "smlaunch: ";
constexpr double mebibyte = 1 << 20;

std::string shorten(std::string_view text, std::size_t most) {
  constexpr std::string_view gap = "...";
  if (text.size() <= most) return std::string(text);
  if (most <= gap.size()) return std::string(text.substr(0, most));
  const std::size_t kept = most - gap.size();
  return fmt::format("{}{}{}", text.substr(0, kept / 2), gap, text.substr(text.size() - (kept - kept / 2)));
}

}  // namespace

std::string render_transfer(std::string_view what, std::uint64_t done, std::uint64_t size, double seconds,
                            std::size_t width) {
  const double so_far = static_cast<double>(done) / mebibyte;
  std::string numbers =
      size == 0 ? fmt::format(": {:.1f} MiB", so_far)
                : fmt::format(": {:.1f} of {:.1f} MiB", so_far, static_cast<double>(size) / mebibyte);
  if (seconds > 0) numbers += fmt::format(", {:.0f} MiB/s", so_far / seconds);
  return shorten(what, width > numbers.size() ? width - numbers.size() : 0) + numbers;
}

std::size_t probe_terminal_width(int fd) {
  if (::isatty(fd) != 1) return 0;
  winsize size{};
  const bool known = ::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20;
  return known ? size.ws_col : 80;
}

TransferDisplay::TransferDisplay(int fd, std::size_t width, std::string what, std::chrono::milliseconds quiet)
    : fd_(fd),
      width_(width),
      what_(std::move(what)),
      start_(std::chrono::steady_clock::now()),
      next_(start_ + quiet) {}

TransferDisplay::~TransferDisplay() {
  if (shown_) write("\r\033[K");
}

void TransferDisplay::add(std::uint64_t bytes) {
  done_ += bytes;
  if (width_ <= prefix.size()) return;
  const std::unique_lock lock(mutex_, std::try_to_lock);
  const auto now = std::chrono::steady_clock::now();
  if (!lock || now < next_) return;
  next_ = now + interval;
  shown_ = true;
  // One column less: a full line would wrap on some terminals.
  const std::size_t width = width_ - prefix.size() - 1;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  write(fmt::format("\r{}{}\033[K", prefix, render_transfer(what_, done_, size_, seconds, width)));
}

void TransferDisplay::write(const std::string& text) const {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t written = ::write(fd_, text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return;  // nobody to show it to
    if (written > 0) done += static_cast<std::size_t>(written);
  }
}

}  // namespace smlaunch
