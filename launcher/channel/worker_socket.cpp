// SPDX-License-Identifier: Apache-2.0
// A request is one byte ('h' hand-over, 'e' environment), a length in four bytes and that many bytes; the
// answer a length and bytes. Both ends are blocking with a bound: each message is small and local.
#include "launcher/channel/worker_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>

#include "base/digest.hpp"
#include "launcher/channel/local_socket.hpp"
#include "launcher/process/job_processes.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_bytes = 64U << 20U;

void bound_transfers(int fd, int seconds) {
  const timeval bound{.tv_sec = seconds, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
}

bool send_all(int fd, const std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t sent = send(fd, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int fd, char* to, std::size_t size) {
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = recv(fd, to + at, size - at, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += static_cast<std::size_t>(got);
  }
  return true;
}

std::string with_length(const std::string& bytes) {
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  return out + bytes;
}

std::optional<std::string> receive_with_length(int fd) {
  std::uint32_t length = 0;
  if (!receive_all(fd, reinterpret_cast<char*>(&length), sizeof length) || length > most_bytes) return {};
  std::string bytes(length, '\0');
  if (!receive_all(fd, bytes.data(), bytes.size())) return {};
  return bytes;
}

UniqueFd connect_to(const std::string& name) {
  UniqueFd fd = connect_locally(name);
  if (fd.valid()) bound_transfers(fd.get(), 5);
  return fd;
}

}  // namespace

std::string worker_socket_name(const std::vector<std::string>& hosts) {
  std::string text;
  for (const std::string& host : hosts) text += host + "\n";
  return sha256_hex(text).substr(0, 16);
}

Result<std::vector<UniqueFd>> listen_as_worker(const std::string& name) {
  return listen_locally(name, "another smlaunch waits here for the same job");
}

void remove_worker_socket(const std::string& name) { remove_local_socket(name); }

std::optional<WorkerRequest> serve_worker_request(int listener,
                                                  const std::map<std::string, std::string>& environment) {
  const UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd.valid() || !is_own_user(fd.get())) return {};
  bound_transfers(fd.get(), 1);
  char kind = 0;
  if (!receive_all(fd.get(), &kind, 1)) return {};
  const auto bytes = receive_with_length(fd.get());
  if (!bytes) return {};
  if (kind == 'h') {
    if (!send_all(fd.get(), with_length("ok"))) return {};
    return WorkerRequest{.hand_over = *bytes, .session_folder = "", .daemon = {}};
  }
  if (kind != 'e') return {};
  // It waits for the answer: its parent is still the process that started it.
  UniqueFd daemon = open_parent_daemon(peer_of(fd.get()).pid);
  std::string list;
  for (const auto& [variable, value] : environment) list += variable + "=" + value + '\0';
  send_all(fd.get(), with_length(list));
  return WorkerRequest{.hand_over = "", .session_folder = *bytes, .daemon = std::move(daemon)};
}

UniqueFd begin_hand_over(const std::string& name, const std::string& hand_over) {
  UniqueFd fd = connect_to(name);
  if (fd.valid() && !send_all(fd.get(), "h" + with_length(hand_over))) fd.reset();
  return fd;
}

bool finish_hand_over(int connection) {
  return receive_with_length(connection) == std::optional<std::string>("ok");
}

bool hand_over_to_worker(const std::string& name, const std::string& hand_over,
                         std::chrono::milliseconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  while (true) {
    const UniqueFd fd = begin_hand_over(name, hand_over);
    if (fd.valid()) return finish_hand_over(fd.get());
    if (std::chrono::steady_clock::now() >= deadline) return false;
    poll(nullptr, 0, 50);
  }
}

std::optional<std::map<std::string, std::string>> ask_worker_environment(const std::string& name,
                                                                         const std::string& session_folder) {
  const UniqueFd fd = connect_to(name);
  if (!fd.valid() || !send_all(fd.get(), "e" + with_length(session_folder))) return {};
  const auto list = receive_with_length(fd.get());
  if (!list) return {};
  std::map<std::string, std::string> environment;
  for (std::size_t at = 0; at < list->size();) {
    const std::size_t end = list->find('\0', at);
    const std::string entry = list->substr(at, end - at);
    if (const std::size_t equals = entry.find('='); equals != std::string::npos)
      environment[entry.substr(0, equals)] = entry.substr(equals + 1);
    at = end + 1;
  }
  return environment;
}

}  // namespace smlaunch
