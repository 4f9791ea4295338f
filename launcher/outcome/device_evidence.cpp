// SPDX-License-Identifier: Apache-2.0
#include "launcher/outcome/device_evidence.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

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

bool is_of(const DeviceFact& fact, Rank rank) {
  return std::find(fact.ranks.begin(), fact.ranks.end(), rank) != fact.ranks.end();
}

}  // namespace

std::vector<DeviceFact> find_device_facts(const std::vector<DeviceFact>& all, const FirstFailure& first,
                                          double uncertainty) {
  const bool is_oom_told = first.end && first.end->oom_kills + first.end->earlier_oom_kills > 0;
  std::vector<DeviceFact> found;
  for (const DeviceFact& fact : all) {
    const bool is_early_enough = fact.since <= first.seconds + uncertainty;
    const bool is_near = first.seconds - fact.seconds <= bound_of(fact.event);
    const bool is_said = is_oom_told && fact.event.kind == DeviceKind::out_of_memory;
    if (fact.host == first.host && is_early_enough && is_near && !is_said && !fact.event.is_consequence)
      found.push_back(fact);
  }
  // Of a rank's own GPU, then by what mostly breaks a rank, then the nearest.
  std::stable_sort(found.begin(), found.end(), [&](const DeviceFact& a, const DeviceFact& b) {
    return std::tuple(!is_of(a, first.rank), weight(a.event.kind), -a.seconds) <
           std::tuple(!is_of(b, first.rank), weight(b.event.kind), -b.seconds);
  });
  return found;
}

std::string describe_before(const DeviceFact& fact, double seconds) {
  const double before = seconds - fact.seconds;
  const std::string when =
      before < 0 ? "about then" : fmt::format("{:.{}f} s before", before, before < 10 ? 1 : 0);
  return fmt::format("{}, {} of {} {}", when, fact.event.device, fact.host, fact.event.text);
}

void add_device_evidence(const JobRecord& record, Outcome& outcome) {
  FirstFailure& first = *outcome.first_failure;
  // A rank of torchrun has no record of its own.
  const double uncertainty = record.ranks.has(first.rank) ? record.ranks[first.rank].times.uncertainty : 0;
  const auto facts = find_device_facts(record.devices, first, uncertainty);
  if (facts.empty()) return;
  outcome.message += "; " + describe_before(facts.front(), first.seconds);
  for (const DeviceFact& fact : facts) {
    if (first.evidence.size() < most_evidence) first.evidence.push_back(describe_before(fact, first.seconds));
    const bool is_known = std::find(outcome.hosts_at_fault.begin(), outcome.hosts_at_fault.end(),
                                    fact.host) != outcome.hosts_at_fault.end();
    if (fact.event.is_lasting && !is_known) outcome.hosts_at_fault.push_back(fact.host);
  }
}

}  // namespace smlaunch
