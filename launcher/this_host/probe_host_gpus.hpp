// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "launcher/smoke/rank_result.hpp"

namespace smlaunch {

// This host's GPUs by NVML, /sys/bus/pci, /sys/module and /dev.
HostGpus probe_host_gpus();

}  // namespace smlaunch
