// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/job_phases.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smlaunch {

namespace {

double seconds_between(std::uint64_t from_ns, std::uint64_t to_ns) {
  return to_ns <= from_ns ? 0.0 : static_cast<double>(to_ns - from_ns) / 1e9;
}

}  // namespace

void JobPhases::waited(double seconds, const std::string& slowest, double slowest_seconds) {
  ready_ =
      Phase{.name = "ready", .seconds = seconds, .slowest_host = slowest, .slowest_seconds = slowest_seconds};
}

// Agents' clocks differ a little, so reports need not come in order.
void JobPhases::ended(const std::string& host, std::uint64_t ns) {
  if (ns >= last_ended_.ns) last_ended_ = {.host = host, .ns = ns};
}

std::vector<Phase> JobPhases::phases() const {
  std::vector<Phase> made;
  if (ready_) made.push_back(*ready_);
  if (engine_ns_) {
    const double joined = last_joined_.host.empty() ? 0 : seconds_between(*engine_ns_, last_joined_.ns);
    made.push_back({.name = "start",
                    .seconds = seconds_between(*engine_ns_, spawned_ns_.value_or(finished_ns_)),
                    .slowest_host = last_joined_.host,
                    .slowest_seconds = joined});
  }
  if (smoke_seconds_) made.push_back({.name = "smoke", .seconds = *smoke_seconds_});
  if (!spawned_ns_) return made;
  if (!first_output_.empty()) {
    const auto by_time = [](const auto& a, const auto& b) { return a.second < b.second; };
    const auto first = std::min_element(first_output_.begin(), first_output_.end(), by_time);
    const auto last = std::max_element(first_output_.begin(), first_output_.end(), by_time);
    made.push_back({.name = "spawn to first output",
                    .seconds = seconds_between(*spawned_ns_, first->second),
                    .slowest_host = last->first,
                    .slowest_seconds = seconds_between(*spawned_ns_, last->second)});
  }
  const std::uint64_t end = last_ended_.host.empty() ? finished_ns_ : std::min(last_ended_.ns, finished_ns_);
  made.push_back({.name = "run",
                  .seconds = seconds_between(*spawned_ns_, end),
                  .slowest_host = last_ended_.host,
                  .slowest_seconds = seconds_between(*spawned_ns_, end)});
  made.push_back({.name = "teardown",
                  .seconds = seconds_between(end, finished_ns_),
                  .slowest_host = last_left_.host,
                  .slowest_seconds = last_left_.host.empty() ? 0 : seconds_between(end, last_left_.ns)});
  return made;
}

std::vector<Phase> JobPhases::so_far(std::uint64_t now_ns) const {
  if (finished_ns_ != 0) return phases();
  JobPhases ended = *this;
  // A rank that has ended early ends no phase.
  ended.last_ended_ = {};
  ended.finished(now_ns);
  std::vector<Phase> made = ended.phases();
  if (spawned_ns_) made.pop_back();  // the teardown
  return made;
}

std::string render_phases(const std::vector<Phase>& phases, bool several_hosts) {
  std::string text;
  for (const Phase& phase : phases) {
    text += fmt::format("{}{} {:.1f} s", text.empty() ? "" : ", ", phase.name, phase.seconds);
    if (!several_hosts || phase.slowest_host.empty()) continue;
    // The last host's time is told only where it differs from the phase's.
    text += phase.slowest_seconds > phase.seconds + 0.05
                ? fmt::format(" ({} last, after {:.1f} s)", phase.slowest_host, phase.slowest_seconds)
                : fmt::format(" ({} last)", phase.slowest_host);
  }
  return text;
}

}  // namespace smlaunch
