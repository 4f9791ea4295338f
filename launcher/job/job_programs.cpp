// SPDX-License-Identifier: Apache-2.0
#include "launcher/job/job_programs.hpp"

#include <fmt/format.h>

#include "launcher/job/job_hosts.hpp"

namespace smlaunch {

Result<void> use_open_mpi(const Questions& ask, JobSpec& spec) {
  auto found = ask.open_mpi();
  if (!found) return tl::unexpected(found.error());
  if (!found->mpirun.empty()) spec.mpirun = found->mpirun;
  spec.open_mpi = found->version;
  spec.open_mpi_is_decided = true;
  spec.mpi.parameters = parameters_of(spec.inherited, found->version);
  spec.mpi.parameters.insert(spec.mpi.parameters.end(), found->file_parameters.begin(),
                             found->file_parameters.end());
  spec.sources.emplace_back("open_mpi", found->source);
  return {};
}

void find_mpi4py(const Questions& ask, JobSpec& spec) {
  spec.mpi4py = ask.has_mpi4py(spec.python);
  spec.sources.emplace_back(
      "mpi4py", spec.mpi4py ? fmt::format("found by {}", spec.python)
                            : fmt::format("not found by {}: without it a Python exception on one rank "
                                          "leaves the others waiting until they are stopped",
                                          spec.python));
}

Result<void> find_starter(const Options& options, const Questions& ask, Job& job) {
  JobSpec& spec = job.spec;
  if (job.runs_alone) spec.nodes = hosts_together(*job.environment);
  if (spec.launcher != LauncherKind::torchrun) return {};
  Torchrun found = ask.torchrun(spec.python);
  if (found.command.front() == "torchrun" && options.command == Command::run)
    return failure(Fault::start, "torchrun", "is not on PATH",
                   "install PyTorch, or name the interpreter that has it with --python");
  spec.torchrun = std::move(found.command);
  spec.torchrun_must_redirect = found.must_redirect;
  spec.torchrun_python = found.interpreter;
  spec.sources.emplace_back("torchrun", found.source);
  return {};
}

}  // namespace smlaunch
