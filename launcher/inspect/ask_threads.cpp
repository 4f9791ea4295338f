// SPDX-License-Identifier: Apache-2.0
#include "launcher/inspect/ask_threads.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <vector>

#include "launcher/inspect/rank_told.hpp"
#include "launcher/process/unique_fd.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds answer_bound{3000};
constexpr milliseconds longest_poll{100};
constexpr std::size_t most_answer = 16U << 20U;
// Of all processes of a rank, or of a torchrun with its ranks: it must fit in a frame.
constexpr std::size_t most_told_in_all = 8U << 20U;

struct Question {
  std::size_t process = 0;  // of the state
  UniqueFd socket;
  std::string answer = {};
  bool is_whole = false;
};

bool is_socket(const std::string& path) {
  struct stat facts {};
  return lstat(path.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode);
}

UniqueFd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {};
  std::copy(path.begin(), path.end(), static_cast<char*>(address.sun_path));
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid() || connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return {};
  return fd;
}

// False: nothing more comes.
bool read_some(Question& question) {
  std::array<char, 64U << 10U> bytes{};
  const ssize_t got = read(question.socket.get(), bytes.data(), bytes.size());
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  question.is_whole = got == 0;
  question.answer.append(bytes.data(), static_cast<std::size_t>(got));
  return got > 0 && question.answer.size() <= most_answer;
}

void read_answers(std::vector<Question>& questions, const std::atomic<bool>& is_over) {
  const auto deadline = Clock::now() + answer_bound;
  while (!is_over) {
    std::vector<pollfd> polled;
    std::vector<Question*> open;
    for (Question& each : questions) {
      if (!each.socket.valid()) continue;
      polled.push_back({.fd = each.socket.get(), .events = POLLIN, .revents = 0});
      open.push_back(&each);
    }
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    if (polled.empty() || left.count() <= 0) return;
    if (poll(polled.data(), polled.size(), static_cast<int>(std::min(left, longest_poll).count())) <= 0)
      continue;
    for (std::size_t i = 0; i < polled.size(); ++i)
      if (polled[i].revents != 0 && !read_some(*open[i])) open[i]->socket.reset();
  }
}

}  // namespace

void ask_threads(RankState& state, const std::string& folder, const std::atomic<bool>& is_over) {
  std::vector<Question> questions;
  for (std::size_t i = 0; i < state.processes.size(); ++i) {
    ProcessState& process = state.processes[i];
    const std::string path = folder + "/" + std::to_string(process.pid);
    process.has_thread = is_socket(path);
    const bool can_answer = process.state != 'T' && process.state != 't' && process.state != 'Z';
    if (!process.has_thread || !can_answer) continue;
    if (UniqueFd fd = connect_to(path); fd.valid())
      questions.push_back({.process = i, .socket = std::move(fd)});
  }
  read_answers(questions, is_over);
  std::size_t told_in_all = 0;
  for (const Question& each : questions) {
    if (!each.is_whole) continue;
    auto told = shorten_told(each.answer);
    if (!told || told_in_all + told->size() > most_told_in_all) continue;
    told_in_all += told->size();
    ProcessState& process = state.processes[each.process];
    if (const auto parsed = parse_told(*told)) process.python_stack = main_stack(*parsed);
    if (!process.python_stack.empty()) state.python_source = "its own thread";
    process.told = std::move(*told);
  }
  if (state.primary != 0 || state.processes.empty() || state.processes.front().has_thread) return;
  for (std::size_t i = 1; i < state.processes.size() && state.primary == 0; ++i)
    if (!state.processes[i].told.empty()) state.primary = static_cast<int>(i);
}

}  // namespace smlaunch
