// SPDX-License-Identifier: Apache-2.0
// Looks at this host's devices in a thread of its own, since a driver or a network file system may block
// whoever asks it. The thread sleeps until it is asked to look.
#pragma once

#include <memory>
#include <string>

#include "launcher/devices/device_watch.hpp"
#include "launcher/process/event_loop.hpp"

namespace smlaunch {

class HostDevices final : public DeviceWatch {
 public:
  // `loop`: where `done` is called; it outlives this object. `library`: NVML's.
  explicit HostDevices(EventLoop& loop, std::string library = "libnvidia-ml.so.1");
  HostDevices(const HostDevices&) = delete;
  HostDevices& operator=(const HostDevices&) = delete;
  // A thread that is blocked is left to the end of the process.
  ~HostDevices() override;

  void begin(WatchedPlaces places, std::function<void(const DeviceNews&)> done) override;
  void look(bool thorough) override;
  [[nodiscard]] bool has_looked() const override { return has_looked_; }
  [[nodiscard]] bool is_looking() const override { return is_looking_; }

 private:
  class Looker;
  struct Shared;
  static void run(Shared& shared, Looker& looker);
  bool start_thread();
  void looked(const DeviceNews& news);

  EventLoop& loop_;
  std::string library_;
  std::function<void(const DeviceNews&)> done_;
  std::shared_ptr<Shared> shared_;  // with the thread
  std::shared_ptr<Looker> looker_;  // until the thread has it
  bool has_looked_ = false;
  bool is_looking_ = false;
};

}  // namespace smlaunch
