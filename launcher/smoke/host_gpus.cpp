// SPDX-License-Identifier: Apache-2.0
#include "launcher/smoke/host_gpus.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace smlaunch {

std::vector<HostFinding> judge_host_gpus(const Indexed<NodeRank, std::optional<HostGpus>>& gpus) {
  const auto with_gpus =
      std::count_if(gpus.begin(), gpus.end(), [](const auto& each) { return each && each->usable > 0; });
  std::vector<HostFinding> findings;
  for (const NodeRank node : gpus.indices()) {
    if (!gpus[node] || gpus[node]->usable > 0) continue;
    const HostGpus& host = *gpus[node];
    HostFinding finding{node, false, ""};
    if (host.device_nodes && !host.nvml_error.empty()) {
      finding.fails = true;
      finding.text = fmt::format("it has /dev/nvidia* but NVML does not work: {}", host.nvml_error);
    } else if (with_gpus > 0) {
      finding.fails = true;
      finding.text = fmt::format("no GPU is found on it, but {} other host{} ha{} some", with_gpus,
                                 with_gpus == 1 ? "" : "s", with_gpus == 1 ? "s" : "ve");
      if (host.module_loaded && !host.device_nodes)
        finding.text += ": the NVIDIA kernel module is loaded, this container has no device node";
    } else if (host.module_loaded && !host.device_nodes) {
      finding.text =
          "its GPUs are masked: the NVIDIA kernel module is loaded, this container has no device node";
    } else if (host.on_bus > 0) {
      finding.text = fmt::format("{} NVIDIA GPU{} on its PCI bus, without a driver", host.on_bus,
                                 host.on_bus == 1 ? " is" : "s are");
    } else {
      continue;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace smlaunch
