// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/unix_socket.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

namespace smlaunch {

UniqueFd connect_to_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return UniqueFd();
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return UniqueFd();
  return fd;
}

namespace {

// A message of one byte with room for descriptors.
struct FileMessage {
  explicit FileMessage(char& byte, std::size_t files) : data{&byte, sizeof byte} {
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = room.data();
    header.msg_controllen = CMSG_SPACE(files * sizeof(int));
  }
  FileMessage(const FileMessage&) = delete;
  FileMessage& operator=(const FileMessage&) = delete;

  alignas(cmsghdr) std::array<char, CMSG_SPACE(most_passed_files * sizeof(int))> room{};
  iovec data;
  msghdr header{};
};

}  // namespace

ssize_t send_files(int socket, char byte, std::span<const int> files, int flags) {
  FileMessage message(byte, files.size());
  cmsghdr* control = CMSG_FIRSTHDR(&message.header);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(files.size_bytes());
  std::memcpy(CMSG_DATA(control), files.data(), files.size_bytes());
  return ::sendmsg(socket, &message.header, flags | MSG_NOSIGNAL);
}

bool receive_files(int socket, std::span<UniqueFd> files) {
  char byte = 0;
  FileMessage message(byte, files.size());
  if (::recvmsg(socket, &message.header, MSG_CMSG_CLOEXEC) != 1) return false;
  const cmsghdr* control = CMSG_FIRSTHDR(&message.header);
  if (control == nullptr || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
    return false;
  const std::size_t come = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
  for (std::size_t i = 0; i < come && i < files.size(); ++i) {
    int file = -1;
    std::memcpy(&file, CMSG_DATA(control) + i * sizeof file, sizeof file);
    files[i] = UniqueFd(file);
  }
  return come == files.size();
}

}  // namespace smlaunch
