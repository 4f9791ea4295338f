// SPDX-License-Identifier: Apache-2.0
#include "launcher/leader/device_reports.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <utility>

namespace smlaunch {

namespace {

// A fault that meets every host would bury all else.
constexpr int most_said = 8;
constexpr int most_logged = 1000;

}  // namespace

std::vector<Rank> ranks_of_gpu(const LaunchPlan& plan, const std::string& host, const std::string& pci) {
  std::vector<Rank> ranks;
  if (pci.empty()) return ranks;
  for (const RankPlace& place : plan.layout.ranks) {
    const Host& of_rank = plan.cluster.hosts[place.node_rank];
    if (of_rank.name != host || !place.placement || !place.placement->gpu || !of_rank.machine) continue;
    const auto index = static_cast<std::size_t>(*place.placement->gpu);
    if (index < of_rank.machine->gpus.size() && of_rank.machine->gpus[index].pci == pci)
      ranks.push_back(place.rank);
  }
  return ranks;
}

std::vector<DeviceFact> DeviceReports::take(const std::string& host, double since, double seconds,
                                            std::vector<DeviceEvent> events) {
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
    std::vector<Rank> ranks = ranks_of_gpu(plan_, host, event.pci);
    facts.push_back({.host = host,
                     .since = since,
                     .seconds = seconds,
                     .event = std::move(event),
                     .ranks = std::move(ranks)});
  }
  return facts;
}

}  // namespace smlaunch
