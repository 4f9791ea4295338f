// SPDX-License-Identifier: Apache-2.0
// The run notes here what it is doing, and other threads read it here. While a loop runs, they ask the loop itself,
// since only the loop knows each rank.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

#include "launcher/channel/status_messages.hpp"
#include "launcher/status/job_status.hpp"

namespace smlaunch {

// What is asked of the loop.
struct StatusWish {
  bool ranks = false;
  bool stacks = false;                 // of the ranks, which are looked at now
  StatusForm form = StatusForm::text;  // of what the leader is to tell, where this host does not lead
};

class StatusBoard {
 public:
  using Answer = std::function<void(JobStatus)>;
  // Makes the loop give the answer. Any thread may call it; it returns at once.
  using Source = std::function<void(const StatusWish&, Answer)>;

  explicit StatusBoard(JobStatus begin);

  // From any thread. `change` must not come back here.
  void note(const std::function<void(JobStatus&)>& change);
  // What was noted last.
  [[nodiscard]] JobStatus noted() const;

  // The loop that runs from now on; empty: none runs, and the last loop is asked no more.
  void set_source(Source source);

  // The loop's answer. If none comes within some seconds: what was noted last.
  [[nodiscard]] JobStatus ask(const StatusWish& wish);
  // Nobody waits for an answer any more.
  void close();

 private:
  struct Answered;
  void give_up();  // the answer that is awaited
  mutable std::mutex mutex_;
  JobStatus status_;
  double begin_seconds_;  // of the steady clock
  Source source_;
  std::shared_ptr<Answered> awaited_;
  bool is_closed_ = false;
};

}  // namespace smlaunch
