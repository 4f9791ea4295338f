// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_open_mpi.hpp"

#include "launcher/this_host/find_open_mpi.hpp"

namespace smlaunch {

Result<void> use_open_mpi(const Options& options, JobSpec& spec) {
  auto found = find_open_mpi(spec.inherited, options.command == Command::dry_run);
  if (!found) return tl::unexpected(found.error());
  if (!found->mpirun.empty()) spec.mpirun = found->mpirun;
  spec.open_mpi = found->version;
  spec.open_mpi_is_decided = true;
  spec.sources.emplace_back("open_mpi", found->source);
  return {};
}

}  // namespace smlaunch
