// SPDX-License-Identifier: Apache-2.0
// The facts of a machine as hwloc knows them, live or from a saved topology: one code path for both.
#pragma once

#include <string>

#include "base/error.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

struct ProbeRequest {
  bool with_devices = true;  // false: no PCI scan, a few milliseconds; gpus and nics stay empty
};

// This machine. Its NVIDIA GPUs are those on the PCI bus, all marked unusable: what the driver says about
// them is added by cuda/probe_gpus.hpp.
Result<Machine> probe_machine(const ProbeRequest& request);

// A topology that lstopo saved as XML; `where` names it in errors. GPUs count as usable where it was saved
// with the driver's library.
Result<Machine> parse_machine_xml(const std::string& xml, const std::string& where);

// hwloc's short notation for made-up machines, such as "package:2 numa:2 core:4 pu:2"; it knows no devices.
Result<Machine> parse_synthetic_machine(const std::string& description);

// The hwloc that is loaded: "2.9".
std::string hwloc_version();

}  // namespace smlaunch
