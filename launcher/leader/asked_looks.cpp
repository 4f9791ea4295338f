// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/asked_looks.hpp"

#include <utility>

namespace smlaunch {

namespace {

constexpr std::chrono::milliseconds answer_bound{10000};

}  // namespace

std::vector<Rank> AskedLooks::begin(const std::vector<Rank>& ranks, Done done) {
  const bool is_under_way = !done_.empty();
  done_.push_back(std::move(done));
  if (is_under_way) return {};
  looks_.clear();
  awaited_ = std::set<Rank>(ranks.begin(), ranks.end());
  if (awaited_.empty()) {
    finish();
    return {};
  }
  timer_->start(answer_bound, [this] { finish(); });
  return ranks;
}

void AskedLooks::heard(const Event& event) {
  if (awaited_.empty()) return;
  if (const auto* told = std::get_if<RankInspected>(&event)) {
    if (!awaited_.contains(told->rank)) return;
    looks_.insert_or_assign(told->rank, *told);
    if (!told->state.more_comes) awaited_.erase(told->rank);
  } else if (const auto* ended = std::get_if<RankEnded>(&event)) {
    awaited_.erase(ended->rank);
  } else if (const auto* lost = std::get_if<AgentLost>(&event)) {
    awaited_.erase(lost->rank);
  } else {
    return;
  }
  if (awaited_.empty()) finish();
}

void AskedLooks::finish() {
  timer_->cancel();
  awaited_.clear();
  for (const Done& done : std::exchange(done_, {})) done(looks_);
}

}  // namespace smlaunch
