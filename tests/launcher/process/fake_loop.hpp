// SPDX-License-Identifier: Apache-2.0
// A loop whose clock stands still until there is nothing left to do now; then it is at once as late as the
// next timer.
#pragma once

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "launcher/process/event_loop.hpp"

namespace smlaunch {

class FakeLoop final : public EventLoop {
 public:
  [[nodiscard]] std::uint64_t now_ns() const override { return now_ns_; }
  [[nodiscard]] double seconds() const { return static_cast<double>(now_ns_ - begin_ns) / 1e9; }

  void post(std::function<void()> work) override { work_.push_back(std::move(work)); }
  void after(std::chrono::milliseconds time, std::function<void()> work) {
    waiting_.push_back({now_ns_ + static_cast<std::uint64_t>(time.count()) * 1'000'000, next_number_++,
                        std::make_shared<bool>(true), std::move(work)});
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
    std::uint64_t due_ns = 0;
    int number = 0;
    std::shared_ptr<bool> is_wanted;
    std::function<void()> work;
  };

  class Timer final : public LoopTimer {
   public:
    explicit Timer(FakeLoop& loop) : loop_(loop) {}
    ~Timer() override { cancel(); }
    void start(std::chrono::milliseconds after, std::function<void()> expired) override {
      cancel();
      loop_.after(after, std::move(expired));
      is_wanted_ = loop_.waiting_.back().is_wanted;
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
    std::erase_if(waiting_, [](const Waiting& each) { return !*each.is_wanted; });
    const auto next = std::min_element(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
      return std::pair(a.due_ns, a.number) < std::pair(b.due_ns, b.number);
    });
    if (next == waiting_.end() || next->due_ns > end_ns) return false;
    now_ns_ = std::max(now_ns_, next->due_ns);
    work_.push_back([wanted = next->is_wanted, work = std::move(next->work)] {
      if (*wanted) work();
    });
    waiting_.erase(next);
    return true;
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
  std::vector<Waiting> waiting_;
};

}  // namespace smlaunch
