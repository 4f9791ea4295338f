// SPDX-License-Identifier: Apache-2.0
// What must hold on a host before the job is tried on it: --host-check, --check-path, --gpu-memory-wait.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cuda/nvml.hpp"

namespace smlaunch {

struct HostCheck {
  std::string command = {};                      // of /bin/sh; empty: none
  std::vector<std::string> paths = {};           // there, and writable
  std::chrono::milliseconds gpu_memory_wait{0};  // 0: the GPUs' memory does not matter
  bool operator==(const HostCheck&) const = default;
  [[nodiscard]] bool empty() const {
    return command.empty() && paths.empty() && gpu_memory_wait.count() == 0;
  }
  // After this it has ended, whatever hangs.
  [[nodiscard]] std::chrono::milliseconds bound() const;
};

// As one word of a command line, and back; nothing for what is no such word.
std::string encode(const HostCheck& check);
std::optional<HostCheck> decode_host_check(std::string_view word);

// The GPU that has most of its memory in use, in words; empty: all are free, but for what the driver keeps.
std::string find_used_gpu(const std::vector<NvmlGpu>& gpus);

// Why the host is not fit, on one line; empty: it is. The last line that the command has printed is its reason.
std::string run_host_check(const HostCheck& check);

}  // namespace smlaunch
