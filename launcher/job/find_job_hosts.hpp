// SPDX-License-Identifier: Apache-2.0
// The hosts of a job that no resource config names: those of the command line, else those that a scheduler
// has given.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/job/given_hosts.hpp"
#include "launcher/options/options.hpp"
#include "launcher/scheduler/allocation.hpp"
#include "launcher/scheduler/self_started.hpp"

namespace smlaunch {

struct JobHosts {
  GivenHostSlots slots;                     // nothing: the resource config names the hosts
  std::string source;                       // who names them, and who takes which of them out
  std::optional<Allocation> allocation;     // of the scheduler, if it is what names them
  std::optional<SelfStarted> self_started;  // each of them starts smlaunch
  // All that is made of the hosts looks names up here.
  std::shared_ptr<NameBook> names = std::make_shared<NameBook>();
};

// Reads them, once: a hostfile may be a pipe. Errors: those of read_given_hosts(), find_allocation() and
// find_self_started(); hosts to be taken out that are no list, that are all, or those of a resource config.
Result<JobHosts> find_job_hosts(const Options& options, const Variables& variables);

// --exclude and --exclude-file, pure. `text`: of the file. Errors: as above.
Result<void> exclude_hosts(const Options& options, const std::optional<std::string>& text, JobHosts& hosts);

}  // namespace smlaunch
