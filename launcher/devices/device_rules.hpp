// SPDX-License-Identifier: Apache-2.0
// Which difference between two readings is an event: values in, events out. The first reading is what the
// others are compared with; it says only what is bad already. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "launcher/devices/device_event.hpp"
#include "launcher/devices/host_reading.hpp"

namespace smlaunch {

class DeviceRules {
 public:
  // `seconds`: of any clock that only goes forward. The same kind of event of the same device is told once a
  // minute and twenty times at most.
  std::vector<DeviceEvent> take(const HostReading& reading, double seconds);

 private:
  struct Told {
    double seconds = 0;
    int times = 0;
  };
  struct GpuBefore {
    bool is_lost = false;
    std::optional<std::uint64_t> uncorrected_errors;
    std::uint64_t throttle_reasons = 0;
  };

  void take_links(const HostReading& reading);
  void take_memory(const HostReading& reading);
  void take_disks(const HostReading& reading);
  void take_clock(const HostReading& reading);
  void take_gpu(const GpuHealth& gpu);
  // `what`: tells events of one kind and device from each other.
  void add(DeviceEvent event, const std::string& what = "");

  std::optional<HostReading> before_;
  std::map<std::string, bool> is_full_;  // by folder
  std::map<int, GpuBefore> gpus_;        // by index
  std::map<std::string, Told> told_;
  double seconds_ = 0;
  std::vector<DeviceEvent> found_;
};

}  // namespace smlaunch
