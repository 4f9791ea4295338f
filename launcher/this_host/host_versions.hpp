// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace smlaunch {

// Versions of the software that a job needs, as far as this machine tells them quickly: smlaunch, open_mpi,
// driver, nccl.
std::map<std::string, std::string> probe_versions();

// The version of the Open MPI whose mpirun or daemon the process `starter` is, where the mpirun on PATH lies beside that
// program: then it is mpirun's, too. Empty: it is none of Open MPI's, or of another installation, or does not tell.
std::string open_mpi_of_starter(int starter, const std::string& mpirun);

// Pure. The file that begins with `stem` among those that /proc/PID/maps names; empty: none.
std::string find_mapped_library(std::string_view maps, std::string_view stem);

}  // namespace smlaunch
