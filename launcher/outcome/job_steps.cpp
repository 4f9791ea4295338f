// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/job_steps.hpp"

#include <cmath>
#include <string>

#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

namespace {

std::optional<double> step_of(const ProgressValues& progress) {
  const auto told = progress.find(std::string(step_value));
  if (told == progress.end() || !std::isfinite(told->second)) return {};
  return told->second;
}

// Of a starter's rank that has not said who it is, its starter may have told one.
std::optional<double> step_of(const JobRecord& record, Rank rank) {
  const StartedRank* started = find_started(record, rank);
  if (started != nullptr)
    if (const auto own = step_of(started->progress)) return own;
  const auto entry = find_entry(record, rank);
  return entry ? step_of(record.ranks[*entry].progress) : std::nullopt;
}

}  // namespace

void tell_steps(const JobRecord& record, const std::optional<FirstFailure>& first, JobProgress& progress) {
  progress.step.reset();
  const auto add = [&](const ProgressValues& values) {
    if (const auto step = step_of(values); step && (!progress.step || *step < *progress.step))
      progress.step = step;
  };
  for (const RankRecord& rank : record.ranks) {
    add(rank.progress);
    for (const auto& [number, started] : rank.of_starter) add(started.progress);
  }
  const auto failed = first ? step_of(record, first->rank) : std::nullopt;
  progress.failed_step = failed ? failed : progress.step;
}

}  // namespace smlaunch
