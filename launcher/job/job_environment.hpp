// SPDX-License-Identifier: Apache-2.0
// The job's container as it is read, with what the command line says instead.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/options/options.hpp"
#include "mpi/hostfile.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// BASE: --base-dir, $SAGEMAKER_BASE_DIR, /opt/ml.
std::string choose_base_dir(const Options& options, const Variables& variables);

// Outside a container, with no host named: a run makes a job's folder, as the toolkit does; all else shows
// what it would be.
bool needs_local_job(const Options& options, const Variables& variables);

// The hosts of --hosts or --hostfile; nothing: neither was given. Errors: both were, or what is no list of
// hosts.
Result<std::optional<std::vector<HostSlots>>> read_given_hosts(const Options& options);

// What can be seen to be wrong on the command line before any job is read. Errors: Fault::usage.
Result<void> check_command_line(const Options& options);

// The container as it is read, with this machine's GPUs and CPUs in it.
Result<std::shared_ptr<const Environment>> read_job_environment(const Options& options,
                                                                const Variables& variables,
                                                                const Machine& machine);

}  // namespace smlaunch
