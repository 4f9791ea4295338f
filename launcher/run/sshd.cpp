// SPDX-License-Identifier: Apache-2.0
#include "launcher/run/sshd.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>

namespace smlaunch {

namespace {

constexpr const char* program = "/usr/sbin/sshd";
constexpr int bound_milliseconds = 5000;
constexpr int step_milliseconds = 20;

bool listens(int port) {
  const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::string own_words(const Child& child) {
  fcntl(child.stderr_pipe.get(), F_SETFL, O_NONBLOCK);
  char text[1024];
  const ssize_t got = read(child.stderr_pipe.get(), text, sizeof text);
  std::string words(text, got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!words.empty() && (words.back() == '\n' || words.back() == '\r')) words.pop_back();
  return words;
}

}  // namespace

Result<std::optional<Child>> start_sshd_if_none(int port) {
  if (listens(port)) return std::nullopt;
  if (access(program, X_OK) != 0)
    return failure(Fault::start, program, fmt::format("is not there, and nothing listens on port {}", port),
                   "install it (Debian: openssh-server): the leader reaches this host over SSH");
  mkdir("/run/sshd", 0755);  // its privilege separation wants it
  if (access("/etc/ssh/ssh_host_ed25519_key", F_OK) != 0) (void)run_captured({"ssh-keygen", "-A"}, 20000);
  ChildRequest request;
  request.argv = {program, "-D", "-p", std::to_string(port)};
  request.environment = own_environment();
  request.death_signal = SIGTERM;
  auto child = spawn_child(request);
  if (!child) return failure(Fault::start, program, child.error().text);
  for (int waited = 0; waited < bound_milliseconds; waited += step_milliseconds) {
    if (listens(port)) return std::optional<Child>(std::move(*child));
    if (const auto status = reap(child->pid))
      return failure(Fault::start, program, fmt::format("{}: {}", to_string(*status), own_words(*child)),
                     "start sshd yourself, or mend what it says");
    poll(nullptr, 0, step_milliseconds);
  }
  kill(child->pid, SIGTERM);
  return failure(Fault::start, program,
                 fmt::format("does not listen on port {} after {} s", port, bound_milliseconds / 1000));
}

}  // namespace smlaunch
