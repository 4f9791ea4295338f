// SPDX-License-Identifier: Apache-2.0
// What one look at a host's devices has found.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cuda/gpu_health.hpp"

namespace smlaunch {

// Of a network interface, or of a port of an InfiniBand adapter.
struct LinkReading {
  std::string name = {};  // "eth0", "mlx5_0:1"
  bool is_up = false;
  std::uint64_t losses = 0;      // counts up when the link is lost; of an interface also when it is back
  std::uint64_t recoveries = 0;  // of a link that errors had made start again
  std::uint64_t errors = 0;
};

// The file system that a folder lies on.
struct DiskReading {
  std::string folder = {};
  std::uint64_t file_system = 0;  // its id
  std::uint64_t free_bytes = 0;   // for this user
  std::uint64_t bytes = 0;
  std::uint64_t free_files = 0;
  std::uint64_t files = 0;  // 0: it does not count them
};

struct HostReading {
  std::vector<LinkReading> links = {};
  std::vector<DiskReading> disks = {};               // each file system once
  std::optional<long> oom_kills = {};                // by the kernel, of the whole host
  std::optional<long> own_oom_kills = {};            // of this job's container
  std::optional<std::int64_t> clock_offset_ns = {};  // the calendar's clock less the time since boot
  std::vector<GpuHealth> gpus = {};
};

}  // namespace smlaunch
