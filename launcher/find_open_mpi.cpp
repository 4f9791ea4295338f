// SPDX-License-Identifier: Apache-2.0
#include "launcher/find_open_mpi.hpp"

#include <fmt/format.h>

#include "launcher/contract/search_path.hpp"
#include "launcher/run/child_process.hpp"

namespace smlaunch {

namespace {

constexpr int probe_bound_milliseconds = 20000;

}  // namespace

Result<void> find_open_mpi(const Options& options, JobSpec& spec) {
  const std::string found = find_on_path("mpirun", spec.inherited);
  if (found.empty()) {
    if (options.command != Command::dry_run)
      return failure(Fault::start, "mpirun", "is not on PATH", "install Open MPI (Debian: openmpi-bin)");
    spec.sources.emplace_back("open_mpi", "assumed 4: there is no mpirun on PATH here");
    return {};
  }
  spec.mpirun = found;
  auto answer = run_captured({found, "--version"}, probe_bound_milliseconds);
  if (!answer) return tl::unexpected(answer.error());
  auto version = parse_open_mpi_version(answer->output);
  if (!version) return tl::unexpected(version.error());
  spec.open_mpi = *version;
  spec.sources.emplace_back("open_mpi", fmt::format("{}, as {} --version says", to_string(*version), found));
  return {};
}

}  // namespace smlaunch
