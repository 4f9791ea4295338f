// SPDX-License-Identifier: Apache-2.0
// A request is one byte ('h' hand-over, 'e' environment), a length in four bytes and that many bytes; the
// answer a length and bytes. Both ends are blocking with a bound: each message is small and local.
#include "launcher/channel/worker_socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "base/digest.hpp"
#include "launcher/channel/private_folders.hpp"
#include "launcher/process/job_processes.hpp"

namespace smlaunch {

namespace {

constexpr std::size_t most_bytes = 64U << 20U;

// Nothing: its path is too long for a socket.
std::optional<sockaddr_un> address_of(const std::string& folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder + "/" + name;
  if (path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

void bound_transfers(int fd, int seconds) {
  const timeval bound{.tv_sec = seconds, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
}

ucred peer_of(int fd) {
  ucred peer{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = 0};
  socklen_t length = sizeof peer;
  getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return peer;
}

bool is_own_user(int fd) { return peer_of(fd).uid == getuid(); }

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
  for (const std::string& folder : find_private_folders(own_private_places())) {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(folder, name);
    if (!fd.valid() || !address ||
        connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
        !is_own_user(fd.get()))
      continue;
    bound_transfers(fd.get(), 5);
    return fd;
  }
  return {};
}

// Errors are in errno.
UniqueFd listen_in(const std::string& folder, const std::string& name) {
  const auto address = address_of(folder, name);
  if (!address) {
    errno = ENAMETOOLONG;
    return {};
  }
  unlink(address->sun_path);  // of a worker that was killed
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      listen(fd.get(), 64) != 0)
    return {};
  return fd;
}

}  // namespace

std::string worker_socket_name(const std::vector<std::string>& hosts) {
  std::string text;
  for (const std::string& host : hosts) text += host + "\n";
  return sha256_hex(text).substr(0, 16);
}

Result<std::vector<UniqueFd>> listen_as_worker(const std::string& name) {
  // Who leaves such a folder takes it away where it is empty: also between our two steps.
  for (int tries_left = 2;; --tries_left) {
    const auto folders = make_private_folders(own_private_places());
    if (!folders) return tl::unexpected(folders.error());
    if (connect_to(name).valid())
      return failure(Fault::start, folders->back() + "/" + name,
                     "another smlaunch waits here for the same job", "end it first");
    std::vector<UniqueFd> listeners;
    for (const std::string& folder : *folders)
      if (UniqueFd fd = listen_in(folder, name); fd.valid()) listeners.push_back(std::move(fd));
    if (!listeners.empty()) return listeners;
    if (errno != ENOENT || tries_left == 0)
      return failure(Fault::start, folders->back() + "/" + name,
                     fmt::format("cannot listen: {}", std::strerror(errno)));
  }
}

void remove_worker_socket(const std::string& name) {
  for (const std::string& folder : find_private_folders(own_private_places()))
    unlink((folder + "/" + name).c_str());
  leave_private_folders(own_private_places());
}

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
