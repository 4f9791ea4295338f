// SPDX-License-Identifier: Apache-2.0
// Whether the hosts of a job may be tested on the CPU: one whose GPUs do not work is broken, not without.
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
  bool fails = false;  // else it is a warning
  std::string text;    // what was found, without the host's name
  bool operator==(const HostFinding&) const = default;
};

// A host fails where device nodes are there and NVML does not work, and where other hosts have GPUs and it
// has none. The kernel module without a device node in this container: the GPUs are masked, a warning.
// `gpus`: nothing where a host has not told.
std::vector<HostFinding> judge_host_gpus(const Indexed<NodeRank, std::optional<HostGpus>>& gpus);

}  // namespace smlaunch
