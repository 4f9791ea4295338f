// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/device_reports.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <utility>

namespace smlaunch {

namespace {

// A fault that meets every host would bury all else.
constexpr int most_said = 8;
constexpr int most_logged = 1000;

}  // namespace

std::vector<Rank> DeviceReports::ranks_of_gpu(NodeRank node_rank, const std::string& pci) const {
  std::vector<Rank> ranks;
  const Host& host = plan_.cluster.hosts[node_rank];
  if (pci.empty() || !host.machine) return ranks;
  const auto add = [&](Rank rank, const std::shared_ptr<const Placement>& placement) {
    if (!placement || !placement->gpu) return;
    const GpuIndex gpu = *placement->gpu;
    // A host is not always what the plan has assumed.
    const bool is_there = gpu.value < static_cast<int>(host.machine->gpus.size());
    if (is_there && host.machine->gpu(gpu).pci == pci) ranks.push_back(rank);
  };
  if (plan_.shares.empty()) {
    for (const Rank rank : ranks_of_hosts_[node_rank]) add(rank, plan_.layout.ranks[rank].placement);
    return ranks;
  }
  Rank rank{plan_.shares[node_rank].first_rank};
  for (const auto& placement : plan_.shares[node_rank].placements) {
    add(rank, placement);
    ++rank.value;
  }
  return ranks;
}

std::vector<DeviceFact> DeviceReports::take(NodeRank node_rank, double since, double seconds,
                                            std::vector<DeviceEvent> events) {
  const std::string& host = plan_.cluster.hosts[node_rank].name;
  std::vector<DeviceFact> facts;
  for (DeviceEvent& event : events) {
    if (++logged_ <= most_logged)
      events_.add({.event = "device",
                   .host = host,
                   .texts = {{"kind", to_string(event.kind)},
                             {"device", event.device},
                             {"text", event.device + " " + event.text}}});
    if (!event.is_no_reason && ++said_ <= most_said)
      world_.output.say(fmt::format("{}: {} {}{}", host, event.device, event.text,
                                    said_ == most_said ? "; more of this kind stands in the events" : ""));
    std::vector<Rank> ranks = ranks_of_gpu(node_rank, event.pci);
    facts.push_back({.host = host,
                     .since = since,
                     .seconds = seconds,
                     .event = std::move(event),
                     .ranks = std::move(ranks)});
  }
  return facts;
}

}  // namespace smlaunch
