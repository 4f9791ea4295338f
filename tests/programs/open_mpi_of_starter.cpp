// SPDX-License-Identifier: Apache-2.0
// Prints the version of the Open MPI that has started it, as an agent finds it: open_mpi_of_starter MPIRUN.
#include <unistd.h>

#include <cstdio>

#include "launcher/this_host/host_versions.hpp"

int main(int count, char** words) {
  if (count != 2) return 64;
  std::printf("%s\n", smlaunch::open_mpi_of_starter(getppid(), words[1]).c_str());
  return 0;
}
