// SPDX-License-Identifier: Apache-2.0
// What the ranks of a job that goes on are doing, for somebody who has asked (`smlaunch status --stacks`): gathers the
// agents' answers. Who asks meanwhile gets the same.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "launcher/leader/supervisor.hpp"
#include "launcher/process/event_loop.hpp"

namespace smlaunch {

class AskedLooks {
 public:
  using Looks = std::map<Rank, RankInspected>;  // of those that have answered in time
  using Done = std::function<void(const Looks&)>;

  explicit AskedLooks(EventLoop& loop) : timer_(loop.make_timer()) {}

  // `done` is called once, within a bound. Returns the ranks that must be asked now.
  std::vector<Rank> begin(const std::vector<Rank>& ranks, Done done);
  void heard(const Event& event);  // an answer, or a rank that will give none

 private:
  void finish();

  std::unique_ptr<LoopTimer> timer_;
  std::vector<Done> done_;  // empty: nobody asks
  std::set<Rank> awaited_;
  Looks looks_;
};

}  // namespace smlaunch
