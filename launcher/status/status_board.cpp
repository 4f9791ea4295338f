// SPDX-License-Identifier: Apache-2.0
#include "launcher/status/status_board.hpp"

#include <chrono>
#include <optional>
#include <utility>

#include "base/steady_time.hpp"

namespace smlaunch {

namespace {

constexpr std::chrono::seconds answer_bound{2};
constexpr std::chrono::seconds stacks_bound{15};  // longer than the ranks' own bound

double now_seconds() { return static_cast<double>(steady_now_ns()) / 1e9; }

}  // namespace

// The loop may answer after everybody has stopped waiting.
struct StatusBoard::Answered {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<JobStatus> status;
  bool is_given_up = false;
};

StatusBoard::StatusBoard(JobStatus begin) : status_(std::move(begin)), begin_seconds_(now_seconds()) {}

void StatusBoard::note(const std::function<void(JobStatus&)>& change) {
  const std::lock_guard lock(mutex_);
  change(status_);
}

JobStatus StatusBoard::noted() const {
  const std::lock_guard lock(mutex_);
  JobStatus status = status_;
  status.seconds = now_seconds() - begin_seconds_;
  return status;
}

void StatusBoard::set_source(Source source) {
  const std::lock_guard lock(mutex_);
  source_ = std::move(source);
  give_up();
}

JobStatus StatusBoard::ask(const StatusWish& wish) {
  auto answered = std::make_shared<Answered>();
  {
    const std::lock_guard lock(mutex_);
    if (source_ && !is_closed_) {
      awaited_ = answered;
      source_(wish, [answered](JobStatus status) {
        const std::lock_guard own(answered->mutex);
        answered->status = std::move(status);
        answered->changed.notify_all();
      });
    } else {
      answered->is_given_up = true;
    }
  }
  {
    std::unique_lock own(answered->mutex);
    answered->changed.wait_for(own, wish.stacks ? stacks_bound : answer_bound,
                               [&] { return answered->status || answered->is_given_up; });
    if (answered->status) return std::move(*answered->status);
  }
  return noted();
}

void StatusBoard::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  give_up();
}

void StatusBoard::give_up() {
  if (!awaited_) return;
  const std::lock_guard own(awaited_->mutex);
  awaited_->is_given_up = true;
  awaited_->changed.notify_all();
}

}  // namespace smlaunch
