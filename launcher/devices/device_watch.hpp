// SPDX-License-Identifier: Apache-2.0
// Who looks at a host's devices while its ranks run: HostDevices for real; in tests a fake.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "launcher/devices/device_event.hpp"
#include "launcher/devices/read_host.hpp"

namespace smlaunch {

// What one look has brought. It happened between the two times, which are of the steady clock.
struct DeviceNews {
  std::uint64_t since_ns = 0;  // of the look before
  std::uint64_t time_ns = 0;
  std::vector<DeviceEvent> events = {};
};

class DeviceWatch {
 public:
  virtual ~DeviceWatch() = default;
  // `done`: a look is over, whether it has brought anything or not.
  virtual void begin(WatchedPlaces places, std::function<void(const DeviceNews&)> done) = 0;
  // Begins a look and returns at once; does nothing before begin(), and while the look before is not over.
  // `thorough`: also at what is otherwise looked at only now and then.
  virtual void look(bool thorough) = 0;
  // There has been a look, so that another one can find a difference.
  [[nodiscard]] virtual bool has_looked() const = 0;
  [[nodiscard]] virtual bool is_looking() const = 0;
};

}  // namespace smlaunch
