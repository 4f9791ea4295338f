// SPDX-License-Identifier: Apache-2.0
#include "launcher/code/pip_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <utility>

#include "base/line_splitter.hpp"
#include "launcher/evidence/failure_reason.hpp"
#include "launcher/evidence/text_tail.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int look_milliseconds = 200;
constexpr std::chrono::seconds tidy_bound{3};

class Stream {
 public:
  Stream(int fd, bool is_stderr, const PipRequest& request)
      : fd_(fd), is_stderr_(is_stderr), request_(request) {
    fcntl(fd_, F_SETFL, O_NONBLOCK);
  }

  [[nodiscard]] int fd() const { return is_open_ ? fd_ : -1; }

  void read_all() {
    std::array<char, 16384> bytes{};
    while (is_open_) {
      const ssize_t got = read(fd_, bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      std::string lines;
      if (got > 0)
        splitter_.feed({bytes.data(), static_cast<std::size_t>(got)}, lines);
      else
        finish(lines);
      pass_on(lines);
    }
  }

  // Another process may still hold the pipe. We do not wait for its lines.
  void close() {
    std::string lines;
    if (is_open_) finish(lines);
    pass_on(lines);
  }

  [[nodiscard]] std::vector<std::string> last_lines() const { return tail_.lines(); }

 private:
  void finish(std::string& lines) {
    splitter_.finish(lines);
    is_open_ = false;
  }

  void pass_on(std::string& lines) {
    for (const std::string& secret : request_.secrets)
      for (std::size_t at = lines.find(secret); !secret.empty() && at != std::string::npos;
           at = lines.find(secret, at))
        lines.replace(at, secret.size(), "****");
    tail_.add(lines);
    for (std::size_t begin = 0; begin < lines.size();) {
      const std::size_t end = lines.find('\n', begin);
      if (request_.line) request_.line(is_stderr_, std::string_view(lines).substr(begin, end - begin));
      begin = end + 1;
    }
  }

  int fd_;
  bool is_stderr_;
  bool is_open_ = true;
  const PipRequest& request_;
  LineSplitter splitter_;
  TextTail tail_;
};

bool is_asked_to_end(const PipRequest& request) { return request.cancelled != nullptr && *request.cancelled; }

}  // namespace

Result<PipEnd> run_pip(const PipRequest& request) {
  auto child = spawn_child(ChildRequest{.argv = request.argv,
                                        .environment = request.environment,
                                        .working_directory = request.folder,
                                        .own_group = true,
                                        .death_signal = SIGKILL});
  if (!child)
    return failure(Fault::start, request.argv.front(), child.error().text,
                   "name the job's interpreter with --python");
  Stream out(child->stdout_pipe.get(), false, request);
  Stream err(child->stderr_pipe.get(), true, request);
  PipEnd end;
  Clock::time_point kill_at;
  while (true) {
    std::array<pollfd, 3> waits = {{{.fd = child->pidfd.get(), .events = POLLIN, .revents = 0},
                                    {.fd = out.fd(), .events = POLLIN, .revents = 0},
                                    {.fd = err.fd(), .events = POLLIN, .revents = 0}}};
    poll(waits.data(), waits.size(), look_milliseconds);
    out.read_all();
    err.read_all();
    if (has_ended(child->pid)) break;
    if (is_asked_to_end(request) && !end.was_cancelled) {
      end.was_cancelled = true;
      kill_at = Clock::now() + tidy_bound;
      kill(-child->pid, SIGINT);
    }
    if (end.was_cancelled && Clock::now() >= kill_at) kill(-child->pid, SIGKILL);
  }
  out.read_all();
  err.read_all();
  out.close();
  err.close();
  // As long as it is in the process table, nobody else has its number or its group's.
  kill(-child->pid, SIGKILL);
  const auto status = reap(child->pid);
  if (!status) return tl::unexpected(status.error());
  end.status = *status;
  end.last_lines = err.last_lines();
  if (end.last_lines.empty()) end.last_lines = out.last_lines();
  return end;
}

std::optional<PipReason> choose_pip_reason(const std::vector<std::string>& lines) {
  const auto is_error = [](const std::string& line) {
    return line.starts_with("ERROR:") || line.starts_with("error:");
  };
  const auto last = std::find_if(lines.rbegin(), lines.rend(), is_error);
  const auto end = last == lines.rend() ? lines.end() : last.base();
  // For a build that failed, with the words of the build itself.
  auto reason = find_reason({lines.begin(), end});
  if (!reason) return {};
  return PipReason{.text = std::move(reason->text), .first_line = reason->begin};
}

std::string choose_pip_remedy(const std::vector<std::string>& lines) {
  const auto has = [&](std::string_view text) {
    return std::any_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return line.find(text) != std::string::npos; });
  };
  if (has("externally-managed-environment"))
    return "name the interpreter of a virtual environment with --python, or set PIP_BREAK_SYSTEM_PACKAGES=1 "
           "in the "
           "container";
  if (has("No module named pip")) return "install pip for this interpreter (Debian: python3-pip)";
  return "";
}

}  // namespace smlaunch
