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

// The ranks of the host whose planned GPU has this PCI id. Empty for no id.
std::vector<Rank> ranks_of_gpu(const LaunchPlan& plan, const std::string& host, const std::string& pci);

class DeviceReports {
 public:
  // The references outlive this object.
  DeviceReports(const LaunchPlan& plan, const LeaderWorld& world, EventLog& events)
      : plan_(plan), world_(world), events_(events) {}

  // `since` and `seconds`: the news' times since the start of the run, on the leader's clock.
  std::vector<DeviceFact> take(const std::string& host, double since, double seconds,
                               std::vector<DeviceEvent> events);

 private:
  const LaunchPlan& plan_;
  const LeaderWorld& world_;
  EventLog& events_;
  int said_ = 0;
  int logged_ = 0;
};

}  // namespace smlaunch
