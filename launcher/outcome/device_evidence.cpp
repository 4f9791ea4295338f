// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/device_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "launcher/evidence/peer_loss.hpp"
#include "launcher/outcome/record_entries.hpp"

namespace smlaunch {

namespace {

// Seconds. What does not last matters for a shorter time.
constexpr double long_before = 600;
constexpr double shortly_before = 60;
constexpr std::size_t most_evidence = 8;

int weight(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::gpu_lost:
    case DeviceKind::gpu_xid:
    case DeviceKind::gpu_ecc: return 0;
    case DeviceKind::nic_link:
    case DeviceKind::out_of_memory: return 1;
    case DeviceKind::disk_full:
    case DeviceKind::clock_jump: return 2;
    case DeviceKind::nic_errors:
    case DeviceKind::gpu_throttle: return 3;
  }
  return 3;
}

double bound_of(const DeviceEvent& event) {
  const bool stays = event.is_lasting || event.kind == DeviceKind::disk_full;
  return stays ? long_before : shortly_before;
}

// A loss of these on one host is felt by ranks of all others.
bool is_felt_elsewhere(const DeviceEvent& event) {
  return event.is_lasting || event.kind == DeviceKind::nic_link;
}

bool is_of(const DeviceFact& fact, Rank rank) {
  return std::find(fact.ranks.begin(), fact.ranks.end(), rank) != fact.ranks.end();
}

// Of the same host, of a rank's own GPU, then by what mostly breaks a rank, then the nearest.
void sort_by_weight(std::vector<DeviceFact>& facts, const FirstFailure& first) {
  const auto key = [&](const DeviceFact& fact) {
    return std::tuple(fact.host != first.host, !is_of(fact, first.rank), weight(fact.event.kind),
                      -fact.seconds);
  };
  std::stable_sort(facts.begin(), facts.end(),
                   [&](const DeviceFact& a, const DeviceFact& b) { return key(a) < key(b); });
}

std::string what_it_was(const DeviceFact& fact) {
  return fmt::format("{} of {} {}", fact.event.device, fact.host, fact.event.text);
}

}  // namespace

std::vector<DeviceFact> find_device_facts(const std::vector<DeviceFact>& all, const FirstFailure& first,
                                          double uncertainty) {
  const bool is_oom_told = first.end && first.end->oom_kills + first.end->earlier_oom_kills > 0;
  std::vector<DeviceFact> here;
  std::vector<DeviceFact> elsewhere;
  for (const DeviceFact& fact : all) {
    const bool is_early_enough = fact.since <= first.seconds + uncertainty;
    const bool is_near = first.seconds - fact.seconds <= bound_of(fact.event);
    if (!is_early_enough || !is_near || fact.event.is_no_reason) continue;
    const bool is_said = is_oom_told && fact.event.kind == DeviceKind::out_of_memory;
    if (fact.host == first.host && !is_said) here.push_back(fact);
    if (fact.host != first.host && is_felt_elsewhere(fact.event)) elsewhere.push_back(fact);
  }
  if (here.empty() && first.end && blames_peer(first.end->last_lines)) here = std::move(elsewhere);
  sort_by_weight(here, first);
  return here;
}

std::vector<DeviceFact> find_device_facts_of_hang(const std::vector<DeviceFact>& all,
                                                  const FirstFailure& first, double begin) {
  std::vector<DeviceFact> found;
  for (const DeviceFact& fact : all)
    if (!fact.event.is_no_reason && begin - fact.seconds <= bound_of(fact.event) &&
        (fact.host == first.host || is_felt_elsewhere(fact.event)))
      found.push_back(fact);
  sort_by_weight(found, first);
  return found;
}

std::string describe_before(const DeviceFact& fact, double seconds) {
  const double before = seconds - fact.seconds;
  const std::string when =
      before < 0 ? "about then" : fmt::format("{:.{}f} s before", before, before < 10 ? 1 : 0);
  return when + ", " + what_it_was(fact);
}

std::string describe_since_start(const DeviceFact& fact) {
  return fmt::format("{:.1f} s after the start, {}", fact.seconds, what_it_was(fact));
}

void add_device_evidence(const JobRecord& record, Outcome& outcome) {
  FirstFailure& first = *outcome.first_failure;
  const bool hung = outcome.failure_class == FailureClass::hang && record.hang;
  const auto entry = find_entry(record, first.rank);
  const double uncertainty = entry ? record.ranks[*entry].times.uncertainty : 0;
  const std::vector<DeviceFact> facts =
      hung ? find_device_facts_of_hang(record.devices, first, outcome.end_seconds - record.hang->seconds)
           : find_device_facts(record.devices, first, uncertainty);
  const auto describe = [&](const DeviceFact& fact) {
    return hung ? describe_since_start(fact) : describe_before(fact, first.seconds);
  };
  if (!facts.empty()) outcome.message += "; " + describe(facts.front());
  for (const DeviceFact& fact : facts) {
    if (first.evidence.size() < most_evidence) first.evidence.push_back(describe(fact));
    const bool is_known = std::find(outcome.hosts_at_fault.begin(), outcome.hosts_at_fault.end(),
                                    fact.host) != outcome.hosts_at_fault.end();
    if (fact.event.is_lasting && !is_known) outcome.hosts_at_fault.push_back(fact.host);
  }
}

}  // namespace smlaunch
