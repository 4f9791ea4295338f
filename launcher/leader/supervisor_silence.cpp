// SPDX-License-Identifier: Apache-2.0
// What a silent job comes to: looks at its ranks, a word about them, or their stop.
#include <algorithm>

#include "launcher/leader/supervisor.hpp"

namespace smlaunch {

using std::chrono::milliseconds;

namespace {

// Some hosts do not show where a rank uses the processor. Such a rank counts as a sign of life so often in one silence.
constexpr int most_unseen_lives = 3;
// How long agents may take to find out what their ranks are doing.
constexpr milliseconds inspection_bound{10000};

}  // namespace

std::optional<double> Supervisor::bound_of(const JobSilence& silence) const {
  return !silence.has_begun && settings_.start_timeout ? settings_.start_timeout : settings_.hang_timeout;
}

// First the ranks are looked at from outside: if any of them computes, silence alone ends nothing. A silence that is
// too short for its bound, or has none, is worth a word when it is long. Progress that comes during a look ends it.
void Supervisor::silent(const JobSilence& silence, Actions& actions) {
  if (phase_ != Phase::running || inspecting_ || failed_of_starter_) return;
  if (silence.seconds < silence_.seconds) {
    next_look_ = 0;
    hinted_ = false;
    looking_ = false;
    unseen_lives_ = 0;
  }
  silence_ = silence;
  if (looking_) return;
  const auto bound = bound_of(silence);
  const bool is_too_long = bound && silence.seconds >= std::max(*bound, next_look_);
  looks_again_ = false;
  if (is_too_long || (!hinted_ && silence.seconds >= settings_.hint_after)) begin_look(actions);
}

void Supervisor::begin_look(Actions& actions) {
  looking_ = true;
  looked_at_.begin_anew();
  for (RankRecord& rank : record_.ranks) rank.state.reset();
  actions.emplace_back(InspectRanks{.only_look = true});
  actions.emplace_back(SetTimer{.timer = Timer::look, .length = inspection_bound});
}

// If a look at a rank was not answered, there is one more look before its silence counts.
void Supervisor::end_look(Actions& actions) {
  looking_ = false;
  if (phase_ != Phase::running || failed_of_starter_ || all_done()) return;
  const auto bound = bound_of(silence_);
  const bool is_too_long = bound && silence_.seconds >= *bound;
  const auto any = [&](const auto& is_so) {
    return std::any_of(record_.ranks.begin(), record_.ranks.end(),
                       [&](const RankRecord& rank) { return !rank.done() && is_so(rank); });
  };
  const bool any_computes = any([](const RankRecord& rank) { return rank.state && rank.state->computes; });
  const bool any_is_seen =
      any([](const RankRecord& rank) { return rank.state && rank.state->is_seen_to_compute(); });
  const bool any_is_unknown = any([](const RankRecord& rank) { return !rank.state && !rank.detached; });
  if (is_too_long && !any_computes && any_is_unknown && !looks_again_) {
    looks_again_ = true;
    return begin_look(actions);
  }
  const bool is_alive = any_is_seen || (any_computes && unseen_lives_ < most_unseen_lives);
  if (is_too_long && !is_alive) return begin_inspection(actions);
  if (is_too_long) {
    next_look_ = silence_.seconds + *bound;
    if (!any_is_seen) ++unseen_lives_;
  }
  if (!hinted_) actions.emplace_back(TellLooks{});
  hinted_ = true;
}

// Before the ranks are stopped, each is asked what it is doing.
void Supervisor::begin_inspection(Actions& actions) {
  inspecting_ = true;
  record_.hang = silence_;
  looked_at_.begin_anew();
  for (RankRecord& rank : record_.ranks) rank.state.reset();
  actions.emplace_back(InspectRanks{});
  actions.emplace_back(SetTimer{.timer = Timer::inspection, .length = inspection_bound});
}

void Supervisor::inspected(const RankInspected& event) {
  // The answer to a look may come when it is over.
  if (!looking_ && !inspecting_) return;
  if (inspecting_ && event.state.is_look) return;
  looked_at_.look_again_at(event.rank);
  RankRecord& rank = record_.ranks[event.rank];
  rank.state = event.state;
  rank.cores_used = event.cores_used;
}

}  // namespace smlaunch
