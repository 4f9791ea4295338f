// SPDX-License-Identifier: Apache-2.0
// The question is one line; the answer is text up to the end of the connection. Both ends are blocking with a bound.
#include "launcher/status/status_socket.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view socket_begin = "status-";
constexpr std::size_t most_question = 8192;
constexpr std::size_t most_answer = 256U << 20U;
constexpr std::chrono::seconds answer_bound{30};
constexpr int out_of_descriptors_pause = 200;        // milliseconds
constexpr std::chrono::seconds askers_patience{20};  // longer than looking at the ranks takes
constexpr std::chrono::milliseconds no_patience{1};  // 0 would be any

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {};
  std::memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

void bound_transfers(int fd, std::chrono::milliseconds patience) {
  const timeval bound{.tv_sec = patience.count() / 1000, .tv_usec = patience.count() % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof bound);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
}

bool is_own_user(int fd) {
  ucred peer{.pid = 0, .uid = static_cast<uid_t>(-1), .gid = 0};
  socklen_t length = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == getuid();
}

bool send_all(int fd, std::string_view text, Clock::time_point deadline) {
  while (!text.empty()) {
    const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0 || Clock::now() > deadline) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Reads until `is_whole`, at most `most` bytes; nothing: it was too much, or too late.
template <class IsWhole>
std::optional<std::string> receive(int fd, std::size_t most, Clock::time_point deadline, IsWhole is_whole) {
  std::string text;
  std::array<char, 65536> piece{};
  while (true) {
    const ssize_t got = recv(fd, piece.data(), piece.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || Clock::now() > deadline) return {};
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > most) return {};
    if (is_whole(text, got == 0)) return text;
    if (got == 0) return {};
  }
}

// The socket gets its name when one can connect to it. So a socket that refuses belonged to a run which was killed.
// Errors are in errno.
UniqueFd listen_at(const std::string& at_first, const std::string& path) {
  const auto address = address_of(at_first);
  if (!address) {
    errno = ENAMETOOLONG;
    return {};
  }
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.valid() && bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
      listen(fd.get(), 16) == 0 && rename(at_first.c_str(), path.c_str()) == 0)
    return fd;
  const int error_number = errno;
  unlink(at_first.c_str());
  errno = error_number;
  return {};
}

// A run that is stopped takes nobody in: when its queue is full, who comes would wait for as long as it is stopped.
UniqueFd connect_to(const std::string& path, std::chrono::milliseconds patience) {
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto address = address_of(path);
  if (!fd.valid() || !address) return {};
  bound_transfers(fd.get(), patience);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0) return fd;
  if (errno == ECONNREFUSED) unlink(path.c_str());
  return {};
}

std::vector<std::string> find_sockets(const PrivatePlaces& places) {
  std::vector<std::string> paths;
  for (const std::string& folder : find_private_folders(places)) {
    std::error_code error;
    for (std::filesystem::directory_iterator each(folder, error), end; !error && each != end;
         each.increment(error))
      if (each->path().filename().native().starts_with(socket_begin)) paths.push_back(each->path().native());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string_view word_of(StatusForm form) {
  switch (form) {
    case StatusForm::row: return "row";
    case StatusForm::text: return "text";
    case StatusForm::json: return "json";
  }
  return "row";
}

std::optional<std::string> ask_one(const std::string& path, const std::string& question) {
  const UniqueFd fd = connect_to(path, askers_patience);
  if (!fd.valid()) return {};
  if (!is_own_user(fd.get()) || !send_all(fd.get(), question, Clock::now() + answer_bound)) return {};
  return receive(fd.get(), most_answer, Clock::now() + answer_bound,
                 [](const std::string&, bool is_end) { return is_end; });
}

}  // namespace

std::string encode(const StatusQuestion& question) {
  return fmt::format("{} {} {}\n", word_of(question.form), question.stacks ? "stacks" : "-", question.job);
}

std::optional<StatusQuestion> decode_status_question(std::string_view text) {
  if (!text.ends_with('\n')) return {};
  text.remove_suffix(1);
  const std::size_t first = text.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : text.find(' ', first + 1);
  if (second == std::string_view::npos || text.find('\n') != std::string_view::npos) return {};
  const std::string_view form = text.substr(0, first);
  const std::string_view stacks = text.substr(first + 1, second - first - 1);
  if (stacks != "stacks" && stacks != "-") return {};
  for (const StatusForm each : {StatusForm::row, StatusForm::text, StatusForm::json})
    if (form == word_of(each))
      return StatusQuestion{
          .form = each, .stacks = stacks == "stacks", .job = std::string(text.substr(second + 1))};
  return {};
}

Result<StatusListener> listen_for_status(const std::string& id, const PrivatePlaces& places) {
  for (const std::string& path : find_sockets(places))
    connect_to(path, no_patience);  // removes sockets of killed runs
  // Another process may take the empty folder away, also between our steps.
  for (int tries_left = 2;; --tries_left) {
    const auto folders = make_private_folders(places);
    if (!folders) return tl::unexpected(folders.error());
    StatusListener made;
    made.path = fmt::format("{}/{}{}", folders->back(), socket_begin, id);
    made.socket = listen_at(fmt::format("{}/new-{}", folders->back(), id), made.path);
    if (made.socket.valid()) return made;
    if (errno != ENOENT || tries_left == 0)
      return failure(Fault::start, made.path, fmt::format("cannot listen: {}", std::strerror(errno)));
  }
}

void serve_status(int listener, const std::function<std::string(const StatusQuestion&)>& answer,
                  std::chrono::milliseconds patience) {
  const UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  // Where there is no descriptor for it, it waits there, and would be found again at once.
  if (!fd.valid() && errno != EAGAIN) poll(nullptr, 0, out_of_descriptors_pause);
  if (!fd.valid() || !is_own_user(fd.get())) return;
  bound_transfers(fd.get(), patience);
  const auto text = receive(fd.get(), most_question, Clock::now() + patience,
                            [](const std::string& so_far, bool) { return so_far.ends_with('\n'); });
  if (!text) return;
  if (const auto question = decode_status_question(*text))
    send_all(fd.get(), answer(*question), Clock::now() + answer_bound);
}

std::vector<std::string> ask_for_status(const StatusQuestion& question, const PrivatePlaces& places) {
  const std::vector<std::string> paths = find_sockets(places);
  if (paths.empty()) return {};
  std::vector<std::string> answers;
  for (const std::string& path : paths)
    if (auto answer = ask_one(path, encode(question)); answer && !answer->empty())
      answers.push_back(std::move(*answer));
  leave_private_folders(places);
  return answers;
}

}  // namespace smlaunch
