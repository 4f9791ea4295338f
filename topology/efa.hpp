// SPDX-License-Identifier: Apache-2.0
// The Elastic Fabric Adapters that this host really has.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace smlaunch {

// The RDMA devices of PCI vendor 1d0f below `sys` ("/sys"): "rdmap16s27". Also empty where their folder does
// not exist.
std::vector<std::string> probe_efa_devices(const std::filesystem::path& sys);

// A warning where the table of instance types (`expected`) and the devices differ; empty where they agree.
// `provider`: the job's own FI_PROVIDER, which counts instead of the table; empty: none.
std::string describe_efa_difference(const std::string& instance_type, bool expected,
                                    const std::vector<std::string>& devices, const std::string& provider);

}  // namespace smlaunch
