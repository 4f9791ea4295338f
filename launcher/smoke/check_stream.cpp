// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/check_stream.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace smlaunch {

CheckStream::CheckStream() : out_(dup(STDOUT_FILENO)) { dup2(STDERR_FILENO, STDOUT_FILENO); }

CheckStream::~CheckStream() {
  if (out_ >= 0) close(out_);
}

// If the agent is gone, the line is lost; then the kernel kills this program, too.
void CheckStream::send(const CheckMessage& message) {
  const std::string line = encode(message) + "\n";
  for (std::size_t at = 0; at < line.size();) {
    const ssize_t wrote = write(out_, line.data() + at, line.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return;
    at += static_cast<std::size_t>(wrote);
  }
}

void CheckStream::reached(int test, SmokeStage stage) {
  const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begin_;
  send(StageReached{test, stage, since.count()});
}

std::optional<std::string> CheckStream::take_line() {
  const std::size_t end = input_.find('\n');
  if (end == std::string::npos) return {};
  std::string line = input_.substr(0, end);
  input_.erase(0, end + 1);
  return line;
}

std::optional<CheckCommand> CheckStream::next(std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  while (true) {
    if (const auto line = take_line()) {
      auto command = parse_check_command(*line);
      return command ? std::move(*command) : CheckCommand(QuitCheck{});
    }
    if (ended_) return QuitCheck{};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    const int polled = poll(&ready, 1, static_cast<int>(std::max<long>(0, left.count())));
    if (polled == 0) return {};
    if (polled < 0) continue;
    std::array<char, 4096> bytes;
    const ssize_t got = read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got > 0) input_.append(bytes.data(), static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR)) ended_ = true;
  }
}

CheckCommand CheckStream::wait() {
  while (true)
    if (auto command = next(std::chrono::minutes(1))) return std::move(*command);
}

}  // namespace smlaunch
