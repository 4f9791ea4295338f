// SPDX-License-Identifier: Apache-2.0
// Policy: the command finds what it would find in a session of its own: sshd gives it to the login shell with -c, and
// nothing of ours is left: no signal is blocked or ignored, and no file is open but the streams.
#include "launcher/worker/wait_for_command.hpp"

#include <poll.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/exit_codes.hpp"
#include "base/own_words.hpp"
#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {

namespace {

// A leader without power says nothing any more. What comes later than this gets a session of its own.
constexpr int longest_wait_milliseconds = 3'600'000;

bool read_some(std::string& text, std::size_t most) {
  std::array<char, 4096> bytes{};
  ssize_t got;
  do {
    got = ::read(STDIN_FILENO, bytes.data(), std::min(most, bytes.size()));
  } while (got < 0 && errno == EINTR);
  if (got <= 0) return false;
  text.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

// Byte by byte: what stands behind the line is not ours yet.
std::string read_line() {
  std::string line;
  while (line.size() < longest_waiting_line && !line.ends_with('\n') && read_some(line, 1)) {
  }
  return line;
}

std::optional<std::string> read_framed(std::string line) {
  if (!line.ends_with('\n')) return {};
  line.pop_back();
  const auto length = parse_waiting_line(line);
  if (!length) return {};
  std::string text;
  while (text.size() < *length && read_some(text, *length - text.size())) {
  }
  if (text.size() < *length) return {};
  return text;
}

[[noreturn]] void become_shell(const std::string& command) {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::syscall(SYS_close_range, 3U, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */);
  const passwd* user = ::getpwuid(::getuid());
  const std::string shell =
      user == nullptr || user->pw_shell == nullptr || *user->pw_shell == '\0' ? "/bin/sh" : user->pw_shell;
  const std::string name = shell.substr(shell.rfind('/') + 1);
  ::execl(shell.c_str(), name.c_str(), "-c", command.c_str(), nullptr);
  say("{} cannot be started: {}", shell, std::strerror(errno));
  ::_exit(exit_codes::start);
}

}  // namespace

LoginInput read_login_input() {
  std::string text = read_line();
  if (auto framed = read_framed(text)) return {std::move(*framed), true};
  while (read_some(text, std::string::npos)) {
  }
  return {std::move(text), false};
}

int wait_for_command() {
  write_text(STDOUT_FILENO, waits_line);
  pollfd input{STDIN_FILENO, POLLIN, 0};
  int ready;
  do {
    ready = ::poll(&input, 1, longest_wait_milliseconds);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return 0;
  if (const auto command = read_framed(read_line())) become_shell(*command);
  return 0;
}

}  // namespace smlaunch
