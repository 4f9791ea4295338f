// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace smlaunch {

// Versions of the software that a job needs, as far as this machine tells them quickly: smlaunch, open_mpi,
// driver, nccl.
std::map<std::string, std::string> probe_versions();

}  // namespace smlaunch
