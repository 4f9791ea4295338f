// SPDX-License-Identifier: Apache-2.0
// The Elastic Fabric Adapters that this host really has.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace smlaunch {

// The RDMA devices of PCI vendor 1d0f below `sys` ("/sys"): "rdmap16s27". Empty too where there is no such
// folder.
std::vector<std::string> probe_efa_devices(const std::filesystem::path& sys);

// What to say where a table's belief and the devices differ; empty where they agree. `provider`: the
// FI_PROVIDER that the job sets by itself, which counts instead of the table; empty: none.
std::string describe_efa_difference(const std::string& instance_type, bool expected,
                                    const std::vector<std::string>& devices, const std::string& provider);

}  // namespace smlaunch
