// SPDX-License-Identifier: Apache-2.0
#include "launcher/this_host/find_open_mpi.hpp"

#include <fmt/format.h>

#include "launcher/contract/search_path.hpp"
#include "launcher/process/child_process.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;

}  // namespace

Result<FoundOpenMpi> find_open_mpi(const std::map<std::string, std::string>& variables, bool may_assume) {
  const std::string mpirun = find_on_path("mpirun", variables);
  if (mpirun.empty()) {
    if (may_assume) return FoundOpenMpi{{}, {}, "assumed 4: there is no mpirun on PATH here"};
    return failure(Fault::start, "mpirun", "is not on PATH", "install Open MPI (Debian: openmpi-bin)");
  }
  auto answer = run_captured({mpirun, "--version"}, probe_bound_milliseconds);
  if (!answer) return tl::unexpected(answer.error());
  auto version = parse_open_mpi_version(answer->output);
  if (!version) return tl::unexpected(version.error());
  return FoundOpenMpi{mpirun, *version, fmt::format("{}, as {} --version says", to_string(*version), mpirun)};
}

}  // namespace smlaunch
