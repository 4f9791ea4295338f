// SPDX-License-Identifier: Apache-2.0
#include "launcher/worker/sshd.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "topology/interfaces.hpp"

namespace smlaunch {

namespace {

constexpr const char* program = "/usr/sbin/sshd";
constexpr std::chrono::seconds bound{5};
constexpr int step_milliseconds = 20;

constexpr std::size_t longest_greeting = 8192;

enum class Listener { none, other, ssh };

// Invalid: nobody listens there.
UniqueFd connect_to(const std::string& address, int port) {
  addrinfo wanted{};
  wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(address.c_str(), std::to_string(port).c_str(), &wanted, &found) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  UniqueFd fd(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // Our own address answers at once, unless a filter drops the packets.
  const timeval bound_to_connect{.tv_sec = 1, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &bound_to_connect, sizeof bound_to_connect);
  if (connect(fd.get(), found->ai_addr, found->ai_addrlen) != 0) return {};
  return fd;
}

// True when the SSH server's banner has come by the deadline; other lines may come before it (RFC 4253, 4.2).
bool is_greeted(const UniqueFd& fd, std::chrono::steady_clock::time_point deadline) {
  std::string greeting;
  while (greeting.find("SSH-") == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::max(deadline - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration(0)));
    pollfd readable{.fd = fd.get(), .events = POLLIN, .revents = 0};
    if (poll(&readable, 1, static_cast<int>(left.count())) <= 0) return false;
    char bytes[256];
    const ssize_t got = read(fd.get(), bytes, sizeof bytes);
    if (got <= 0 || greeting.size() > longest_greeting) return false;
    greeting.append(bytes, static_cast<std::size_t>(got));
  }
  return true;
}

// sshd may be told to listen on some of this host's addresses only.
Listener find_listener(int port) {
  std::set<std::string> addresses = {"127.0.0.1"};
  for (const NetworkInterface& each : probe_interfaces())
    addresses.insert(each.addresses.begin(), each.addresses.end());
  std::vector<UniqueFd> connections;
  for (const std::string& address : addresses)
    if (UniqueFd fd = connect_to(address, port); fd.valid()) connections.push_back(std::move(fd));
  if (connections.empty()) return Listener::none;
  const auto deadline = std::chrono::steady_clock::now() + bound;
  const bool is_ssh = std::any_of(connections.begin(), connections.end(),
                                  [&](const UniqueFd& fd) { return is_greeted(fd, deadline); });
  return is_ssh ? Listener::ssh : Listener::other;
}

std::string in_one_line(const std::string& text) {
  std::string words;
  for (const char c : text) {
    if (c == '\n')
      words += "; ";
    else if (c != '\r')
      words += c;
  }
  while (words.ends_with("; ")) words.resize(words.size() - 2);
  return words;
}

// sshd as root: with the host's keys, which are made where there are none.
Result<std::vector<std::string>> host_sshd(int port) {
  mkdir("/run/sshd", 0755);  // its privilege separation wants it
  if (access("/etc/ssh/ssh_host_ed25519_key", F_OK) != 0) (void)run_captured({"ssh-keygen", "-A"}, 20000);
  return std::vector<std::string>{program, "-D", "-p", std::to_string(port)};
}

// sshd as another user, who may log in then and nobody else: with a key of that user's. It reads neither
// /etc/shadow nor the host's keys.
Result<std::vector<std::string>> own_sshd(int port) {
  const char* home = std::getenv("HOME");
  const std::string folder = fmt::format("{}/.ssh", home == nullptr ? "" : home);
  const std::string key = folder + "/ssh_host_ed25519_key";
  mkdir(folder.c_str(), 0700);
  if (access(key.c_str(), F_OK) != 0) {
    // Other hosts may share the folder and do the same: each key comes whole.
    const std::string fresh = fmt::format("{}.{}", key, getpid());
    const auto made = run_captured({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", fresh}, 20000);
    std::remove((fresh + ".pub").c_str());
    if (!made || !succeeded(made->status) || std::rename(fresh.c_str(), key.c_str()) != 0)
      return failure(Fault::start, key,
                     fmt::format("cannot be made: {}",
                                 made ? in_one_line(made->output) : made.error().problems.front().what),
                     "make ~/.ssh writable, or put a key there: sshd needs one");
  }
  return std::vector<std::string>{program, "-D",           "-p", std::to_string(port), "-h", key,
                                  "-o",    "PidFile=none", "-o", "UsePAM=no"};
}

// What sshd says when it is started again in the same way, but with its words on stderr.
std::string own_words(std::vector<std::string> argv) {
  argv.emplace_back("-e");
  const auto said = run_captured(argv, static_cast<int>(std::chrono::milliseconds(bound).count()));
  return said ? in_one_line(said->output) : "";
}

}  // namespace

Result<std::optional<Child>> start_sshd_if_none(int port) {
  const Listener listener = find_listener(port);
  if (listener == Listener::ssh) return std::nullopt;
  if (listener == Listener::other)
    return failure(Fault::start, fmt::format("port {}", port), "is taken by something that is no SSH server",
                   "end it, or give another --ssh-port: the leader reaches this host over SSH");
  if (access(program, X_OK) != 0)
    return failure(Fault::start, program,
                   fmt::format("is not there, and no SSH server answers on port {}", port),
                   "install it (Debian: openssh-server): the leader reaches this host over SSH");
  auto argv = geteuid() == 0 ? host_sshd(port) : own_sshd(port);
  if (!argv) return tl::unexpected(argv.error());
  ChildRequest request;
  request.argv = std::move(*argv);
  request.environment = own_environment();
  request.death_signal = SIGTERM;
  auto child = spawn_child(request);
  if (!child) return failure(Fault::start, program, child.error().text);
  const auto deadline = std::chrono::steady_clock::now() + bound;
  while (std::chrono::steady_clock::now() < deadline) {
    if (find_listener(port) == Listener::ssh) return std::optional<Child>(std::move(*child));
    if (has_ended(child->pid)) {
      const auto status = reap(child->pid);
      if (!status) return tl::unexpected(status.error());
      return failure(Fault::start, program,
                     fmt::format("{}: {}", to_string(*status), own_words(request.argv)),
                     "start sshd yourself, or mend what it says");
    }
    poll(nullptr, 0, step_milliseconds);
  }
  kill(child->pid, SIGTERM);
  return failure(Fault::start, program,
                 fmt::format("does not listen on port {} after {} s", port, bound.count()));
}

}  // namespace smlaunch
