// SPDX-License-Identifier: Apache-2.0
// The mpirun of this machine.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "mpi/mpi_settings.hpp"
#include "mpi/open_mpi.hpp"

namespace smlaunch {

struct FoundOpenMpi {
  std::string mpirun;  // its path; empty: there is none, and `version` is assumed
  OpenMpiVersion version;
  std::string source;                              // of the version
  std::vector<SetParameter> file_parameters = {};  // of Open MPI's files; what counts comes first
};

// The mpirun on the PATH of `variables`. Errors: there is none (Fault::start; with `may_assume` version 4 is
// assumed instead), it does not answer, it is not the mpirun of Open MPI 4 or later.
Result<FoundOpenMpi> find_open_mpi(const std::map<std::string, std::string>& variables, bool may_assume);

}  // namespace smlaunch
