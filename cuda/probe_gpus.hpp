// SPDX-License-Identifier: Apache-2.0
// The room cuda: the GPUs by NVIDIA's libraries: facts by NVML; memory, kernels and NCCL by the driver, for
// the all-reduce test. It promises an answer with and without a driver: the libraries are opened at run time. It
// touches only those libraries and their files, and makes a CUDA context only for the test.
//
// Adds what the driver says about a machine's GPUs, which are known from the PCI bus.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cuda/nvml.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// Joins by PCI id. GPUs that the driver does not show stay unusable, with the reason; `off_the_bus` are the
// PCI ids of devices that no longer answer. A GPU that only the driver knows is added without a place.
void add_gpu_facts(Machine& machine, const NvmlAnswer& answer, const std::vector<std::string>& off_the_bus);

// CUDA_VISIBLE_DEVICES: GPUs left out become unusable, and the others come first, in CUDA's order. Nothing:
// it is not set. `order` is CUDA_DEVICE_ORDER.
void apply_visible_devices(Machine& machine, const std::optional<std::string>& visible,
                           const std::string& order);

// Asks the driver, /sys and the environment of this process.
void probe_gpus(Machine& machine);

// True if there are display controllers or accelerators of NVIDIA or AMD on the PCI bus (/sys/bus/pci), or files that
// their drivers make. They are looked for once in a process.
bool may_have_accelerators();

// Asks only the driver. Nothing: there is none, or its GPUs are in no domain or in several.
std::optional<NvlinkDomain> probe_nvlink_domain();

// This machine with its devices: probe_machine() and probe_gpus().
Result<Machine> probe_machine_with_gpus();

// The same where there may be accelerators. Otherwise this machine without devices, which takes a tenth of the time:
// ranks without a GPU get no NIC.
Result<Machine> probe_machine_for_ranks();

}  // namespace smlaunch
