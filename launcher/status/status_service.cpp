// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/status_service.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include "base/own_words.hpp"
#include "base/signal_free_thread.hpp"
#include "launcher/channel/token.hpp"
#include "launcher/outcome/report_error.hpp"
#include "launcher/process/write_file.hpp"
#include "launcher/status/open_metrics.hpp"
#include "launcher/status/render_status.hpp"

namespace smlaunch {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds metrics_interval{10};

}  // namespace

std::string make_run_id() { return make_nonce().substr(0, 8); }

StatusService::StatusService(StatusBoard& board, std::optional<std::filesystem::path> metrics,
                             const PrivatePlaces& places)
    : board_(board), metrics_(std::move(metrics)), places_(places), end_(eventfd(0, EFD_CLOEXEC)) {
  if (auto listening = listen_for_status(board.noted().id, places)) listener_ = std::move(*listening);
  if (end_.valid() && (listener_ || metrics_)) thread_ = start_signal_free_thread([this] { run(); });
}

StatusService::~StatusService() {
  board_.close();
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    while (write(end_.get(), &one, sizeof one) < 0 && errno == EINTR) {
    }
    thread_.join();
  }
  if (listener_) unlink(listener_->path.c_str());
  leave_private_folders(places_);
  write_metrics(board_.noted());
}

void StatusService::run() {
  auto next_metrics = Clock::now();
  while (true) {
    int wait = -1;
    if (metrics_) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_metrics - Clock::now());
      wait = static_cast<int>(std::max<std::chrono::milliseconds::rep>(0, left.count()));
    }
    std::array<pollfd, 2> waits{
        pollfd{.fd = end_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = listener_ ? listener_->socket.get() : -1, .events = POLLIN, .revents = 0}};
    const int ready = poll(waits.data(), waits.size(), wait);
    if (ready < 0 && errno != EINTR) return;
    if (ready > 0 && waits[0].revents != 0) return;
    if (ready > 0 && (waits[1].revents & POLLIN) != 0)
      serve_status(listener_->socket.get(),
                   [this](const StatusQuestion& question) { return answer(question); });
    if (ready > 0 && (waits[1].revents & (POLLERR | POLLHUP)) != 0) listener_.reset();
    if (!metrics_ || Clock::now() < next_metrics) continue;
    write_metrics(board_.ask({.ranks = true}));
    next_metrics = Clock::now() + metrics_interval;
  }
}

std::string StatusService::answer(const StatusQuestion& question) {
  if (!question.job.empty() && !is_named(board_.noted(), question.job)) return "";
  const bool is_row = question.form == StatusForm::row;
  JobStatus status =
      board_.ask({.ranks = !is_row, .stacks = question.stacks && !is_row, .form = question.form});
  if (!status.told_by_leader.empty()) return std::move(status.told_by_leader);
  return render_in_form(status, question.form);
}

// If the file cannot be written, a message says so once.
void StatusService::write_metrics(const JobStatus& status) {
  if (!metrics_) return;
  if (auto written = write_file(*metrics_, render_open_metrics(status), FileReaders::as_umask_says);
      !written) {
    for (const std::string& line : render_problems(written.error())) say("warning: --metrics: {}", line);
    metrics_.reset();
  }
}

}  // namespace smlaunch
