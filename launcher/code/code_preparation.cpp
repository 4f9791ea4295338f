// SPDX-License-Identifier: Apache-2.0
#include "launcher/code/code_preparation.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>

#include "base/own_words.hpp"
#include "launcher/code/prepare_code.hpp"
#include "launcher/contract/s3/transfer_display.hpp"
#include "launcher/process/stop_signals.hpp"

namespace smlaunch {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Longer than the time that the child grants pip.
constexpr int stop_milliseconds = 6000;

// A file in memory: the variables in it may be secret.
UniqueFd make_input(const std::string& text) {
  UniqueFd input(memfd_create("code-request", MFD_CLOEXEC));
  for (std::size_t done = 0; input.valid() && done < text.size();) {
    const ssize_t written = write(input.get(), text.data() + done, text.size() - done);
    if (written < 0 && errno != EINTR) return {};
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  if (input.valid()) lseek(input.get(), 0, SEEK_SET);
  return input;
}

}  // namespace

CodePreparation::CodePreparation(asio::io_context& loop)
    : answer_pipe_(loop), words_pipe_(loop), end_(loop) {}

CodePreparation::~CodePreparation() { stop(); }

Result<void> CodePreparation::start(const CodeRequest& request, std::function<void(CodeEnd)> ended) {
  std::error_code error;
  const std::string smlaunch = std::filesystem::read_symlink("/proc/self/exe", error).string();
  CodeRequest shown_here = request;
  shown_here.terminal_width = probe_terminal_width(STDERR_FILENO);
  const UniqueFd input = make_input(encode(shown_here));
  ChildRequest child{.argv = {smlaunch, "worker", prepare_code_argument},
                     .environment = own_environment(),
                     .working_directory = {},
                     .own_group = true,
                     .death_signal = SIGTERM};
  child.input = input.get();
  auto started = spawn_child(child);
  if (!started) return failure(Fault::start, smlaunch, started.error().text);
  pid_ = started->pid;
  host_ = request.host;
  ended_ = std::move(ended);
  for (const int fd : {started->stdout_pipe.get(), started->stderr_pipe.get()})
    fcntl(fd, F_SETFL, O_NONBLOCK);
  answer_pipe_.assign(started->stdout_pipe.release());
  words_pipe_.assign(started->stderr_pipe.release());
  end_.assign(started->pidfd.release());
  pass_on(answer_pipe_, true);
  pass_on(words_pipe_, false);
  wait_for_end();
  return {};
}

void CodePreparation::pass_on(Descriptor& from, bool is_answer) {
  from.async_wait(Descriptor::wait_read, [this, &from, is_answer](const error_code& stopped) {
    if (stopped || pid_ == 0) return;
    std::array<char, 16384> bytes{};
    const ssize_t got = read(from.native_handle(), bytes.data(), bytes.size());
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (got > 0 && is_answer) answer_.append(bytes.data(), static_cast<std::size_t>(got));
    if (got > 0 && !is_answer) write_text(STDERR_FILENO, {bytes.data(), static_cast<std::size_t>(got)});
    pass_on(from, is_answer);
  });
}

void CodePreparation::wait_for_end() {
  end_.async_wait(Descriptor::wait_read, [this](const error_code& stopped) {
    if (!stopped && pid_ != 0) finish();
  });
}

void CodePreparation::finish() {
  std::array<char, 16384> bytes{};
  for (ssize_t got = 0; (got = read(words_pipe_.native_handle(), bytes.data(), bytes.size())) > 0;)
    write_text(STDERR_FILENO, {bytes.data(), static_cast<std::size_t>(got)});
  for (ssize_t got = 0; (got = read(answer_pipe_.native_handle(), bytes.data(), bytes.size())) > 0;)
    answer_.append(bytes.data(), static_cast<std::size_t>(got));
  const auto status = reap(pid_);
  pid_ = 0;
  error_code ignored;
  for (Descriptor* each : {&answer_pipe_, &words_pipe_, &end_}) each->close(ignored);
  auto end = parse_code_answer(answer_);
  if (!end) {
    end = code_failure(
        FailureClass::internal,
        status ? fmt::format("{}: what prepares the code {} without an answer", host_, to_string(*status))
               : fmt::format("{}: what prepares the code gave no answer: {}", host_,
                             status.error().problems.front().what));
  }
  const auto call = std::move(ended_);
  call(std::move(*end));
}

void CodePreparation::stop() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  // Words that nobody takes any more must not hold it up.
  error_code ignored;
  for (Descriptor* each : {&answer_pipe_, &words_pipe_}) each->close(ignored);
  pollfd ended{.fd = end_.native_handle(), .events = POLLIN, .revents = 0};
  while (poll(&ended, 1, stop_milliseconds) < 0 && errno == EINTR) {
  }
  kill(-pid_, SIGKILL);
  (void)reap(pid_);
  pid_ = 0;
  end_.close(ignored);
}

Result<PreparedCode> run_code_preparation(const CodeRequest& request) {
  asio::io_context loop;
  PreparedCode prepared;
  StopSignals signals(loop);
  CodePreparation preparation(loop);
  auto started = preparation.start(request, [&](CodeEnd end) {
    prepared.end = std::move(end);
    loop.stop();
  });
  if (!started) return tl::unexpected(started.error());
  signals.on_signal([&](int signal) {
    prepared.stopped_by_signal = signal;
    loop.stop();
  });
  loop.run();
  preparation.stop();
  return prepared;
}

}  // namespace smlaunch
