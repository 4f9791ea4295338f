// SPDX-License-Identifier: Apache-2.0
// Whether the hosts of a job may be tested on the CPU. A host whose GPUs do not work is broken, which is not
// the same as a host without GPUs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/indexed.hpp"
#include "launcher/smoke/rank_result.hpp"
#include "topology/ranks.hpp"

namespace smlaunch {

struct HostFinding {
  NodeRank host;
  bool fails = false;  // otherwise the finding is a warning
  std::string text;    // what was found, without the host's name
  bool operator==(const HostFinding&) const = default;
};

// A host fails where device nodes are there and NVML does not work. It also fails where other hosts have GPUs
// and it has none. Where the kernel module is loaded and the container has no device node, the GPUs are
// masked: a warning. `gpus`: nothing where a host has not told.
std::vector<HostFinding> judge_host_gpus(const Indexed<NodeRank, std::optional<HostGpus>>& gpus);

}  // namespace smlaunch
