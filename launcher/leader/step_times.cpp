// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/step_times.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace smlaunch {

namespace {

constexpr double look_interval = 10;  // seconds
// A rank's pace is known after so many steps and so many seconds.
constexpr double least_steps = 10;
constexpr double least_seconds = 20;
// An old pace says nothing: after so long the count begins anew.
constexpr double longest_window = 120;
constexpr double clearly_longer = 1.3;

}  // namespace

void StepTimes::told(int rank, double step, double seconds) {
  if (!std::isfinite(step)) return;
  const auto [found, is_new] = ranks_.try_emplace(rank);
  Steps& steps = found->second;
  is_disturbed_ = is_disturbed_ || is_new || step < steps.step;
  if (!steps.has_first) {
    steps.has_first = true;
    steps.first_step = step;
    steps.first_seconds = seconds;
  }
  steps.step = step;
  steps.seconds = seconds;
}

// From its next step on, so that what a rank waits for just now counts for nobody.
void StepTimes::begin_anew() {
  for (auto& [rank, steps] : ranks_) steps.has_first = false;
  is_disturbed_ = false;
}

std::vector<SlowRank> StepTimes::take_slow(double now) {
  if (next_look_ && now < *next_look_) return {};
  next_look_ = now + look_interval;
  std::vector<std::pair<int, double>> paces;
  std::vector<double> sorted;
  bool is_window_over = is_disturbed_;
  for (const auto& [rank, steps] : ranks_) {
    const double length = steps.seconds - steps.first_seconds;
    const double count = steps.step - steps.first_step;
    if (!steps.has_first) continue;
    is_window_over = is_window_over || length >= longest_window;
    if (length < least_seconds || count < least_steps) continue;
    paces.emplace_back(rank, length / count);
    sorted.push_back(length / count);
  }
  const bool is_comparable = !is_disturbed_ && paces.size() >= 2;
  if (is_window_over) begin_anew();
  if (!is_comparable) return {};
  // For a rank above it, this is the median of the others.
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>((sorted.size() - 1) / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  std::vector<SlowRank> slow;
  for (const auto& [rank, pace] : paces)
    if (pace >= clearly_longer * *middle && told_.insert(rank).second)
      slow.push_back({.rank = rank,
                      .seconds_a_step = pace,
                      .others_seconds_a_step = *middle,
                      .others = static_cast<int>(paces.size()) - 1});
  return slow;
}

}  // namespace smlaunch
