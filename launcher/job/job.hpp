// SPDX-License-Identifier: Apache-2.0
// The room launcher/job: options, files and machines -> the plan. facts.hpp reads the world, assemble_job()
// decides which source counts and is pure but for the questions that Facts hands it. It promises that every
// decided value has its source in words. It touches config files, this machine, name servers, and other hosts only
// where --probe asks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/job/base_folder.hpp"
#include "launcher/job/facts.hpp"
#include "launcher/options/options.hpp"
#include "launcher/plan/plan.hpp"
#include "launcher/smoke/injection.hpp"
#include "topology/nvlink_domain.hpp"

namespace smlaunch {

struct Job {
  std::shared_ptr<const Environment> environment;
  BaseFolder base;
  JobSpec spec;
  Cluster cluster;
  bool runs_alone = false;   // each host runs and ends by itself: no leader, no workers
  bool hosts_given = false;  // on the command line: then this machine leads, and nobody waits elsewhere
  std::optional<SelfStarted> self_started;  // unless each of the hosts given starts smlaunch
  Injection injection;                      // a fault for the smoke test to find
  std::vector<std::string> spare_hosts;     // run no rank until they replace a host
  HostDomains domains;  // of all of them, where their machines are known, or they have told it meanwhile
  bool asks_domains = false;  // the hosts are asked for it, since a spare one may have to be chosen by it
  // Another host leads, and this one waits for it.
  [[nodiscard]] bool is_worker() const {
    if (self_started) return self_started->node_rank > 0;
    return !runs_alone && !hosts_given && !environment->is_leader;
  }
};

// What is known before the user's code is there: the launcher, who runs alone, the interpreter.
Result<Job> begin_job(const Options& options, const Facts& facts);

// And the rest: all the plan is made of. `job` is begin_job()'s, with the program as it was found in the
// user's code. Asks mpirun for its version and the interpreter for mpi4py where the launcher is mpi.
Result<Job> finish_job(const Options& options, const Facts& facts, Job job);

// Both.
Result<Job> assemble_job(const Options& options, const Facts& facts);

// Only the hosts of the job and what it takes to reach them: `smlaunch ready` needs no program.
Result<Job> assemble_hosts(const Options& options, const Facts& facts);

// What the program is may only be seen now: its code has been fetched.
void look_at_code_again(Job& job);

// With its hash.
Result<LaunchPlan> plan_job(const Job& job);

}  // namespace smlaunch
