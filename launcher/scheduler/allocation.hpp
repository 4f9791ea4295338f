// SPDX-License-Identifier: Apache-2.0
// The room launcher/scheduler: which hosts a batch system or Kubernetes has given this job, and how many
// ranks, GPUs and CPUs there, as the environment tells it. It promises to say where each answer stands.
// It touches nothing: whoever asks hands it the variables, and reads the files that they name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/options/options.hpp"
#include "launcher/scheduler/self_started.hpp"
#include "mpi/hostfile.hpp"

namespace smlaunch {

enum class Scheduler { slurm, pbs, lsf, mpi_operator, pet };
std::string to_string(Scheduler scheduler);  // for people: "Slurm", "MPI Operator"

struct Allocation {
  Scheduler scheduler = Scheduler::slurm;
  std::string source;                       // "Slurm's job 7: SLURM_JOB_NODELIST"
  std::vector<HostSlots> hosts;             // slots: ranks, where the environment says how many
  std::string own_host;                     // which of them this is, where the scheduler says; else empty
  std::optional<SelfStarted> self_started;  // each of them starts smlaunch
  std::string slots_source;                 // which variable says so
  std::optional<int> gpus;                  // of each host, as this host's variables have it
  std::string gpus_source;
  std::vector<int> cpus;  // of each of `hosts`; empty: not said
  std::string cpus_source;
};

// What the reader asks of this machine.
struct SchedulerWorld {
  std::string own_name;  // this host's
  std::function<Result<std::string>(const std::string& file)> read_file;
};

// --scheduler auto: what the environment shows; nothing: it shows no scheduler. Errors: the environment
// shows another scheduler than the option names, or says of its hosts what cannot be (Fault::configuration);
// it is started in a way that would start the job more than once (Fault::usage).
Result<std::optional<Allocation>> find_allocation(const Options& options, const Variables& variables,
                                                  const SchedulerWorld& world);

// What the allocation has too little of for this number of ranks on each host, a sentence for each thing.
// Errors (Fault::usage): fewer GPUs than ranks. `asked`: who says how many ranks.
Result<std::vector<std::string>> check_fit(const Allocation& allocation,
                                           const std::vector<std::pair<std::string, int>>& ranks,
                                           const std::string& asked);

}  // namespace smlaunch
