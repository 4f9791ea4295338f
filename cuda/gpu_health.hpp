// SPDX-License-Identifier: Apache-2.0
// How the GPUs fare while a job runs, by NVML. No CUDA context is made. A call may block as long as the
// driver does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

struct GpuHealth {
  int index = 0;         // as the driver counts
  std::string pci = {};  // "0000:3b:00.0"
  bool is_lost = false;
  std::vector<std::uint64_t> xids = {};                  // that came since the reading before
  std::optional<std::uint64_t> uncorrected_errors = {};  // of its memory, since the driver was loaded
  std::optional<std::uint64_t> throttle_reasons = {};    // NVML's bits
  bool operator==(const GpuHealth&) const = default;
};

// NVML's bits for the reasons that no healthy GPU has. A power limit that it keeps to is none.
inline constexpr std::uint64_t hardware_slowdown = 0x8;
inline constexpr std::uint64_t software_thermal_slowdown = 0x20;
inline constexpr std::uint64_t hardware_thermal_slowdown = 0x40;
inline constexpr std::uint64_t power_brake = 0x80;

// XID errors come only to those who have asked for them before: so the library stays open.
class GpuHealthSession {
 public:
  // Nothing: `library` is not here, is not NVML, or has no driver.
  static std::optional<GpuHealthSession> open(const std::string& library);

  GpuHealthSession(GpuHealthSession&&) noexcept;
  GpuHealthSession& operator=(GpuHealthSession&&) = delete;
  ~GpuHealthSession();

  // Every GPU that there was at the beginning. `with_counters`: what asks the GPU itself is read, too.
  std::vector<GpuHealth> read(bool with_counters);

 private:
  struct Library;
  explicit GpuHealthSession(std::unique_ptr<Library> library);
  std::unique_ptr<Library> library_;
};

}  // namespace smlaunch
