// SPDX-License-Identifier: Apache-2.0
#include "launcher/channel/local_socket.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <optional>
#include <utility>

#include "launcher/channel/private_folders.hpp"

namespace smlaunch {

namespace {

constexpr int most_in_queue = 256;

// Nothing: its path is too long for a socket.
std::optional<sockaddr_un> address_of(const std::string& folder, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder + "/" + name;
  if (path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

// Errors are in errno.
UniqueFd listen_in(const std::string& folder, const std::string& name) {
  const auto address = address_of(folder, name);
  if (!address) {
    errno = ENAMETOOLONG;
    return {};
  }
  unlink(address->sun_path);  // of one that was killed
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      listen(fd.get(), most_in_queue) != 0)
    return {};
  return fd;
}

// Errors are in errno; EAGAIN: somebody listens there, and his queue was full for `bound`.
UniqueFd connect_in(const std::string& folder, const std::string& name, std::chrono::milliseconds bound) {
  const auto address = address_of(folder, name);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid() || !address) return {};
  const timeval until{.tv_sec = bound.count() / 1000, .tv_usec = bound.count() % 1000 * 1000};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &until, sizeof until);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) return {};
  constexpr timeval never{.tv_sec = 0, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &never, sizeof never);
  return fd;
}

// Does somebody listen there, whether he takes us in or not?
bool is_taken(const std::string& name) {
  for (const std::string& folder : find_private_folders(own_private_places())) {
    errno = 0;
    const UniqueFd fd = connect_in(folder, name, std::chrono::milliseconds(1));
    if (fd.valid() ? is_own_user(fd.get()) : errno == EAGAIN) return true;
  }
  return false;
}

// Nobody listens there. Who has just made it may not have begun to listen.
bool is_abandoned(const std::string& folder, const std::string& name) {
  constexpr long begin_seconds = 60;
  const std::string path = folder + "/" + name;
  struct stat facts {};
  const auto address = address_of(folder, name);
  if (!address || lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode) ||
      time(nullptr) - facts.st_mtim.tv_sec < begin_seconds)
    return false;
  const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return fd.valid() &&
         connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 &&
         errno == ECONNREFUSED;
}

// A name that is made of a token never comes again.
void remove_abandoned(const std::string& folder, const std::string& name) {
  const std::string kind = name.substr(0, name.find('-') + 1);
  if (kind.empty()) return;
  std::error_code error;
  for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
       each.increment(error)) {
    const std::string other = each->path().filename().string();
    if (other.starts_with(kind) && is_abandoned(folder, other)) unlink(each->path().c_str());
  }
}

}  // namespace

ucred peer_of(int fd) {
  ucred peer{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = 0};
  socklen_t length = sizeof peer;
  getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length);
  return peer;
}

bool is_own_user(int fd) { return peer_of(fd).uid == getuid(); }

UniqueFd connect_locally(const std::string& name, std::chrono::milliseconds bound) {
  for (const std::string& folder : find_private_folders(own_private_places())) {
    UniqueFd fd = connect_in(folder, name, bound);
    if (fd.valid() && is_own_user(fd.get())) return fd;
  }
  return {};
}

Result<std::vector<UniqueFd>> listen_locally(const std::string& name, const std::string& taken_by) {
  // Who leaves such a folder takes it away where it is empty: also between our two steps.
  for (int tries_left = 2;; --tries_left) {
    const auto folders = make_private_folders(own_private_places());
    if (!folders) return tl::unexpected(folders.error());
    if (!taken_by.empty() && is_taken(name))
      return failure(Fault::start, folders->back() + "/" + name, taken_by, "end it first");
    std::vector<UniqueFd> listeners;
    for (const std::string& folder : *folders) {
      remove_abandoned(folder, name);
      if (UniqueFd fd = listen_in(folder, name); fd.valid()) listeners.push_back(std::move(fd));
    }
    if (!listeners.empty()) return listeners;
    if (errno != ENOENT || tries_left == 0)
      return failure(Fault::start, folders->back() + "/" + name,
                     fmt::format("cannot listen: {}", std::strerror(errno)));
  }
}

void remove_local_socket(const std::string& name) {
  for (const std::string& folder : find_private_folders(own_private_places()))
    unlink((folder + "/" + name).c_str());
  leave_private_folders(own_private_places());
}

}  // namespace smlaunch
