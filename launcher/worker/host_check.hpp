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
  std::vector<std::string> paths = {};           // absolute; there, and can be written
  std::chrono::milliseconds gpu_memory_wait{0};  // 0: the GPUs' memory does not matter
  std::vector<std::string> gpus = {};            // whose memory matters: their PCI ids
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

// Of those with these PCI ids the GPU that has most of its memory in use, in words; nothing: all are free, but for what
// the driver keeps.
std::optional<std::string> find_used_gpu(const std::vector<NvmlGpu>& gpus,
                                         const std::vector<std::string>& wanted);

struct HostCheckResult {
  std::optional<std::string> problem = {};  // why the host is not fit, on one line; nothing: it is
  std::optional<std::string> remark = {};   // what is odd there, and no reason not to try
  bool operator==(const HostCheckResult&) const = default;
};

// The last line that the command has printed is its reason. A GPU whose memory does not get free is a remark: it may be
// somebody else's, and enough may be left.
HostCheckResult run_host_check(const HostCheck& check);

// As lines for whoever has logged in, and back.
std::string render_host_check(const HostCheckResult& result);
HostCheckResult parse_host_check(std::string_view lines);

}  // namespace smlaunch
