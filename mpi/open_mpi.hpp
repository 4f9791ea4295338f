// SPDX-License-Identifier: Apache-2.0
// Which Open MPI it is: 4 (ORTE) and 5 (PRRTE) speak differently.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace smlaunch {

struct OpenMpiVersion {
  int major = 4;
  int minor = 1;
  int patch = 0;
  bool operator==(const OpenMpiVersion&) const = default;
};
std::string to_string(const OpenMpiVersion& version);

// From what `mpirun --version` prints. Errors (Fault::configuration): another MPI (its name is in the
// message), an Open MPI older than 4, or no version at all.
Result<OpenMpiVersion> parse_open_mpi_version(std::string_view mpirun_version_output);

}  // namespace smlaunch
