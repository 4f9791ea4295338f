// SPDX-License-Identifier: Apache-2.0
#include "launcher/remote/use_waiting_login.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "launcher/remote/login_streams.hpp"
#include "launcher/remote/unix_socket.hpp"
#include "launcher/remote/waiting_words.hpp"

namespace smlaunch {

namespace {

// A leader that is stopped answers nobody.
constexpr int answer_bound_milliseconds = 2000;
constexpr int connection_lost = 255;

std::optional<LoginStreams> receive_streams(int socket) {
  pollfd answer{socket, POLLIN, 0};
  int ready;
  do {
    ready = ::poll(&answer, 1, answer_bound_milliseconds);
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0) return {};
  std::array<UniqueFd, 3> files;
  if (!receive_files(socket, files)) return {};
  return LoginStreams{std::move(files[0]), std::move(files[1]), std::move(files[2])};
}

bool send_all(int socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Waits for whoever reads it, as ssh does. Whoever shares the stream with us may have made it non-blocking.
void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (written == 0 || (errno != EINTR && errno != EAGAIN)) return;
    pollfd writable{file, POLLOUT, 0};
    if (errno == EAGAIN) ::poll(&writable, 1, -1);
  }
}

// Passes on what is there; false: there is no more.
bool pass_on(int from, int to) {
  std::array<char, 4096> bytes{};
  const ssize_t got = ::read(from, bytes.data(), bytes.size());
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  write_all(to, {bytes.data(), static_cast<std::size_t>(got)});
  return got > 0;
}

// Until the leader says that ssh has ended, or is gone itself. (A leader that is stopped says so later.) A connection that
// stays open for other logins may hold the streams for longer.
int pass_on_all(int leader, LoginStreams& streams) {
  std::array<pollfd, 3> watched = {pollfd{leader, POLLIN, 0}, pollfd{streams.out.get(), POLLIN, 0},
                                   pollfd{streams.err.get(), POLLIN, 0}};
  for (;;) {
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    for (std::size_t i : {1U, 2U})
      if (watched[i].revents != 0 && !pass_on(watched[i].fd, static_cast<int>(i))) watched[i].fd = -1;
    if (watched[0].revents == 0) continue;
    unsigned char code = connection_lost;
    if (::recv(leader, &code, sizeof code, 0) != 1) code = connection_lost;
    for (std::size_t i : {1U, 2U})
      for (pollfd rest{watched[i].fd, POLLIN, 0}; rest.fd >= 0 && ::poll(&rest, 1, 0) > 0;)
        if (!pass_on(rest.fd, static_cast<int>(i))) rest.fd = -1;
    return code;
  }
}

}  // namespace

std::optional<int> run_in_waiting_login(const std::string& folder, const std::string& host,
                                        const std::string& command) {
  const std::string framed = frame_waiting(command);
  if (command.size() > longest_waiting_input) return {};
  const UniqueFd leader = connect_to_path(folder + "/" + waiting_socket_name);
  if (!leader.valid() || !send_all(leader.get(), host + "\n")) return {};
  auto streams = receive_streams(leader.get());
  if (!streams) return {};
  // It has ended in this moment. The host has not got the whole command, and runs none.
  if (!send_all(streams->in.get(), framed)) return {};
  streams->in.reset();
  return pass_on_all(leader.get(), *streams);
}

}  // namespace smlaunch
