// SPDX-License-Identifier: Apache-2.0
#include "launcher/scheduler/allocation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "base/host_list.hpp"
#include "launcher/scheduler/node_files.hpp"
#include "launcher/scheduler/slurm_allocation.hpp"

namespace smlaunch {

namespace {

std::string option_of(Scheduler scheduler) {
  switch (scheduler) {
    case Scheduler::slurm: return "slurm";
    case Scheduler::pbs: return "pbs";
    case Scheduler::lsf: return "lsf";
    case Scheduler::mpi_operator: return "mpi-operator";
    case Scheduler::pet: break;
  }
  return "pet";
}

// What shows that a scheduler has started this process.
std::string sign_of(Scheduler scheduler) {
  switch (scheduler) {
    case Scheduler::slurm: return "SLURM_JOB_ID and SLURM_JOB_NODELIST";
    case Scheduler::pbs: return "PBS_NODEFILE";
    case Scheduler::lsf: return "LSB_JOBID and LSB_DJOB_HOSTFILE";
    case Scheduler::mpi_operator:
      return fmt::format("{} and no {}", mpi_operator_variable, mpi_operator_hostfile);
    case Scheduler::pet: break;
  }
  return "PET_NNODES";
}

// torchrun's variables, as Kubernetes' Trainer and PyTorchJob set them in every pod; of several: self_started.hpp.
Result<std::optional<Allocation>> find_pet_allocation(const Variables& variables,
                                                      const SchedulerWorld& world) {
  const auto nodes = variables.find("PET_NNODES");
  if (nodes == variables.end() || nodes->second != "1") return std::nullopt;
  Allocation allocation;
  allocation.scheduler = Scheduler::pet;
  allocation.source = "PET_NNODES=1: this host";
  HostSlots own = {world.own_name, {}};
  if (const auto processes = variables.find("PET_NPROC_PER_NODE"); processes != variables.end())
    if (const auto counts = parse_slurm_counts(processes->second); counts && counts->size() == 1)
      own.slots = counts->front();
  if (own.slots) allocation.slots_source = "PET_NPROC_PER_NODE";
  allocation.hosts.push_back(std::move(own));
  return allocation;
}

Result<std::optional<Allocation>> find_of(Scheduler scheduler, const Options& options,
                                          const Variables& variables, const SchedulerWorld& world) {
  switch (scheduler) {
    case Scheduler::slurm: return find_slurm_allocation(variables, options);
    case Scheduler::pbs: return find_pbs_allocation(variables, world);
    case Scheduler::lsf: return find_lsf_allocation(variables, world);
    case Scheduler::mpi_operator: return find_mpi_operator_allocation(variables, world);
    case Scheduler::pet: break;
  }
  return find_pet_allocation(variables, world);
}

std::optional<Scheduler> named_by(SchedulerOption option) {
  switch (option) {
    case SchedulerOption::slurm: return Scheduler::slurm;
    case SchedulerOption::pbs: return Scheduler::pbs;
    case SchedulerOption::lsf: return Scheduler::lsf;
    case SchedulerOption::mpi_operator: return Scheduler::mpi_operator;
    case SchedulerOption::pet: return Scheduler::pet;
    case SchedulerOption::automatic:
    case SchedulerOption::none: break;
  }
  return {};
}

}  // namespace

std::string to_string(Scheduler scheduler) {
  switch (scheduler) {
    case Scheduler::slurm: return "Slurm";
    case Scheduler::pbs: return "PBS";
    case Scheduler::lsf: return "LSF";
    case Scheduler::mpi_operator: return "MPI Operator";
    case Scheduler::pet: break;
  }
  return "PET";
}

Result<std::optional<Allocation>> find_allocation(const Options& options, const Variables& variables,
                                                  const SchedulerWorld& world) {
  const SchedulerOption option = options.scheduler;
  if (option == SchedulerOption::none) return std::nullopt;
  if (const auto named = named_by(option)) {
    auto found = find_of(*named, options, variables, world);
    if (!found || *found) return found;
    return failure(Fault::configuration, "--scheduler " + option_of(*named),
                   fmt::format("this environment has no {}", sign_of(*named)),
                   "start smlaunch inside a job of it, or name the hosts with --hosts");
  }
  for (const Scheduler each :
       {Scheduler::slurm, Scheduler::pbs, Scheduler::lsf, Scheduler::mpi_operator, Scheduler::pet})
    if (auto found = find_of(each, options, variables, world); !found || *found) return found;
  return std::nullopt;
}

Result<std::vector<std::string>> check_fit(const Allocation& allocation,
                                           const std::vector<std::pair<std::string, int>>& ranks,
                                           const std::string& asked) {
  std::vector<std::string> too_few_gpus;
  std::vector<std::string> too_few_cpus;
  std::unordered_map<std::string, std::size_t> indices;
  for (std::size_t i = 0; i < allocation.hosts.size(); ++i) indices.emplace(allocation.hosts[i].name, i);
  int most = 0;
  for (const auto& [name, number] : ranks) {
    const auto host = indices.find(name);
    if (host == indices.end()) continue;
    most = std::max(most, number);
    if (allocation.gpus && number > *allocation.gpus) too_few_gpus.push_back(name);
    if (!allocation.cpus.empty() && number > allocation.cpus[host->second])
      too_few_cpus.push_back(fmt::format("{} has {}", name, allocation.cpus[host->second]));
  }
  if (!too_few_gpus.empty())
    return failure(
        Fault::usage, asked,
        fmt::format("{} ranks are asked for on a host, and the allocation has {} GPUs there ({}): {}", most,
                    *allocation.gpus, allocation.gpus_source, join_names(too_few_gpus)),
        fmt::format("give --processes-per-host {}, or allocate more GPUs", *allocation.gpus));
  std::vector<std::string> sentences;
  if (!too_few_cpus.empty())
    sentences.push_back(fmt::format("the allocation has fewer CPUs than ranks ({}): {}",
                                    allocation.cpus_source, join_names(too_few_cpus)));
  return sentences;
}

}  // namespace smlaunch
