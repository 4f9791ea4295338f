// SPDX-License-Identifier: Apache-2.0
// The job's container as it is read, with what the command line says instead.
#pragma once

#include <memory>
#include <optional>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/job/base_folder.hpp"
#include "launcher/job/find_job_hosts.hpp"
#include "launcher/options/options.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

// What can be seen to be wrong on the command line before any job is read: `hosts`, as they were read, and
// the program's name. Errors: Fault::usage.
Result<void> check_command_line(const Options& options, const Result<JobHosts>& hosts);

// The program that was typed on the command line, as it lies here now; nothing: none was.
std::optional<EntryPoint> probe_typed_program(const Options& options, const Variables& variables);

// The container as it is read, with this machine's GPUs and CPUs in it.
Result<std::shared_ptr<const Environment>> read_job_environment(const Options& options,
                                                                const Variables& variables,
                                                                const BaseFolder& base, const JobHosts& hosts,
                                                                const Machine& machine);

}  // namespace smlaunch
