// SPDX-License-Identifier: Apache-2.0
// What agents tell of their hosts' devices: written to the event log, said, and brought to the leader's
// clock.
#pragma once

#include <string>
#include <vector>

#include "launcher/devices/device_watch.hpp"
#include "launcher/leader/leader_world.hpp"
#include "launcher/outcome/event_log.hpp"
#include "launcher/outcome/job_record.hpp"
#include "launcher/plan/plan.hpp"

namespace smlaunch {

class DeviceReports {
 public:
  // The references outlive this object.
  DeviceReports(const LaunchPlan& plan, const LeaderWorld& world, EventLog& events)
      : plan_(plan), world_(world), events_(events), ranks_of_hosts_(ranks_of_hosts(plan.layout)) {}

  // `since` and `seconds`: the news' times since the start of the run, on the leader's clock.
  std::vector<DeviceFact> take(NodeRank node_rank, double since, double seconds,
                               std::vector<DeviceEvent> events);

 private:
  // Those whose planned GPU has this PCI id; of a host with a starter that knows its ranks, these. None for no id.
  [[nodiscard]] std::vector<Rank> ranks_of_gpu(NodeRank node_rank, const std::string& pci) const;

  const LaunchPlan& plan_;
  const LeaderWorld& world_;
  EventLog& events_;
  Indexed<NodeRank, std::vector<Rank>> ranks_of_hosts_;
  int said_ = 0;
  int logged_ = 0;
};

}  // namespace smlaunch
