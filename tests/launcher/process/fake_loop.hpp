// SPDX-License-Identifier: Apache-2.0
// A loop whose clock stands still until there is nothing left to do now; then it is at once as late as the
// next timer.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "launcher/process/event_loop.hpp"

namespace smlaunch {

class FakeLoop final : public EventLoop {
 public:
  [[nodiscard]] std::uint64_t now_ns() const override { return now_ns_; }
  [[nodiscard]] double seconds() const { return static_cast<double>(now_ns_ - begin_ns) / 1e9; }

  void post(std::function<void()> work) override { work_.push_back(std::move(work)); }
  void after(std::chrono::milliseconds time, std::function<void()> work) {
    add(time, std::make_shared<bool>(true), std::move(work));
  }
  std::unique_ptr<LoopTimer> make_timer() override { return std::make_unique<Timer>(*this); }

  void run() override {
    stopped_ = false;
    while (!stopped_) {
      if (work_.empty() && !next_timer()) {
        ran_dry = true;
        return;
      }
      take_one();
    }
  }
  void poll() override {
    while (!work_.empty()) take_one();
  }
  void stop() override { stopped_ = true; }

  // Nobody looks at the clock for so long: what was due meanwhile comes late.
  void stall(std::chrono::milliseconds time) {
    now_ns_ += static_cast<std::uint64_t>(time.count()) * 1'000'000;
  }

  // It was not stopped within an hour of its clock: the job hangs.
  bool ran_dry = false;

 private:
  static constexpr std::uint64_t begin_ns = 1'000'000'000'000;
  static constexpr std::uint64_t end_ns = begin_ns + 3'600'000'000'000;

  struct Waiting {
    std::shared_ptr<bool> is_wanted;
    std::function<void()> work;
  };

  class Timer final : public LoopTimer {
   public:
    explicit Timer(FakeLoop& loop) : loop_(loop) {}
    ~Timer() override { cancel(); }
    void start(std::chrono::milliseconds after, std::function<void()> expired) override {
      cancel();
      is_wanted_ = std::make_shared<bool>(true);
      loop_.add(after, is_wanted_, std::move(expired));
    }
    void cancel() override {
      if (is_wanted_) *is_wanted_ = false;
    }

   private:
    FakeLoop& loop_;
    std::shared_ptr<bool> is_wanted_;
  };

  // Posts the work of the next timer. False: there is none within the hour.
  bool next_timer() {
    auto next = waiting_.begin();
    while (next != waiting_.end() && !*next->second.is_wanted) next = waiting_.erase(next);
    if (next == waiting_.end() || next->first.first > end_ns) return false;
    now_ns_ = std::max(now_ns_, next->first.first);
    work_.push_back([wanted = next->second.is_wanted, work = std::move(next->second.work)] {
      if (*wanted) work();
    });
    waiting_.erase(next);
    return true;
  }

  void add(std::chrono::milliseconds time, std::shared_ptr<bool> is_wanted, std::function<void()> work) {
    const std::uint64_t due_ns = now_ns_ + static_cast<std::uint64_t>(time.count()) * 1'000'000;
    waiting_[{due_ns, next_number_++}] = {std::move(is_wanted), std::move(work)};
  }

  void take_one() {
    const auto work = std::move(work_.front());
    work_.pop_front();
    work();
  }

  std::uint64_t now_ns_ = begin_ns;
  bool stopped_ = false;
  int next_number_ = 0;
  std::deque<std::function<void()>> work_;
  std::map<std::pair<std::uint64_t, int>, Waiting>
      waiting_;  // by when each is due, and in the order of their making
};

}  // namespace smlaunch
