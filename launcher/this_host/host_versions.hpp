// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace smlaunch {

// Of what a job leans on, as far as this machine tells cheaply: smlaunch, open_mpi, driver, nccl.
std::map<std::string, std::string> probe_versions();

}  // namespace smlaunch
