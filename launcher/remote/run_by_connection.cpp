// SPDX-License-Identifier: Apache-2.0
// Policy: the login that waits on the host is the cheapest way; then comes a new session over the open connection, and then
// ssh itself. Until the host has taken the command, whatever goes wrong is left to ssh. From then on the command runs, and is
// not started again.
#include "launcher/remote/run_by_connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/exit_codes.hpp"
#include "base/own_words.hpp"
#include "launcher/process/agent_variables.hpp"
#include "launcher/process/unique_fd.hpp"
#include "launcher/remote/mux_session.hpp"
#include "launcher/remote/ssh_words.hpp"
#include "launcher/remote/unix_socket.hpp"
#include "launcher/remote/use_waiting_login.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

// Longer than the ssh at the other end waits for a host that has fallen silent.
constexpr std::chrono::seconds answer_bound{30};
constexpr int ssh_failed = 255;

// False: nothing comes by `until`; without it, this waits.
bool wait_for(const UniqueFd& fd, short event, std::optional<Clock::time_point> until) {
  for (;;) {
    int milliseconds = -1;
    if (until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now()).count();
      if (left <= 0) return false;
      milliseconds = static_cast<int>(left);
    }
    pollfd wanted{fd.get(), event, 0};
    const int found = poll(&wanted, 1, milliseconds);
    if (found > 0) return true;
    if (found < 0 && errno != EINTR) return false;
  }
}

// True: it may be tried again.
bool has_to_wait(const UniqueFd& fd, short event, std::optional<Clock::time_point> until) {
  return errno == EINTR || (errno == EAGAIN && wait_for(fd, event, until));
}

bool send_all(const UniqueFd& fd, std::string_view bytes, Clock::time_point until) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0)
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    else if (!has_to_wait(fd, POLLOUT, until))
      return false;
  }
  return true;
}

bool send_stream(const UniqueFd& fd, int stream, Clock::time_point until) {
  while (send_files(fd.get(), 0, {&stream, 1}, 0) != 1)
    if (!has_to_wait(fd, POLLOUT, until)) return false;
  return true;
}

bool ask(const UniqueFd& fd, const std::string& request, Clock::time_point until) {
  if (!send_all(fd, request, until)) return false;
  for (int stream = 0; stream < 3; ++stream)
    if (!send_stream(fd, stream, until)) return false;
  return true;
}

// False: the other end has closed, or is not understood, or says nothing by `until`.
bool hear(const UniqueFd& fd, MuxSession& session, std::optional<Clock::time_point> until) {
  char bytes[4096];
  for (;;) {
    const ssize_t got = recv(fd.get(), bytes, sizeof bytes, 0);
    if (got > 0) return session.take({bytes, static_cast<std::size_t>(got)});
    if (got == 0 || !has_to_wait(fd, POLLIN, until)) return false;
  }
}

std::vector<std::string_view> variables_for_host() {
  std::vector<std::string_view> variables;
  for (char** each = environ; *each != nullptr; ++each)
    if (may_go_to_host(*each)) variables.emplace_back(*each);
  return variables;
}

// Nothing: the host has not got the command. ssh may still write what the command has printed until it closes, so that is
// waited for.
std::optional<int> run_over(const UniqueFd& fd, const SshWords& words) {
  const auto request = render_mux_request(words.command, variables_for_host());
  const auto until = Clock::now() + answer_bound;
  if (!request || !ask(fd, *request, until)) return {};
  MuxSession session;
  while (!session.is_open())
    if (!hear(fd, session, until) && !session.is_open()) return {};
  while (hear(fd, session, {})) {
  }
  if (!session.problem().empty())
    say("what ssh's connection to {} says is not understood: {}", words.host, session.problem());
  else if (!session.exit_code())
    write_text(2, "Connection to " + words.host + " closed by remote host.\r\n");
  else
    return static_cast<int>(*session.exit_code() & 0xff);
  return ssh_failed;
}

int become_ssh(const std::vector<std::string>& words, bool by_new_connection) {
  std::vector<std::string> argv = make_ssh_words(words, by_new_connection);
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  if (const char* path = std::getenv(agent_path_variable)) setenv("PATH", path, 1);
  execvp(pointers.front(), pointers.data());
  say("ssh cannot be started: {}", std::strerror(errno));
  return exit_codes::start;
}

}  // namespace

int run_by_connection(const std::vector<std::string>& words) {
  const auto known = parse_ssh_words(words);
  if (known) {
    const std::string folder = known->socket.substr(0, known->socket.rfind('/'));
    if (const auto code = run_in_waiting_login(folder, known->host, known->command)) return *code;
    if (const UniqueFd fd = connect_to_path(known->socket); fd.valid())
      if (const auto code = run_over(fd, *known)) return *code;
  }
  return become_ssh(words, known.has_value());
}

}  // namespace smlaunch
