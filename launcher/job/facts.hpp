// SPDX-License-Identifier: Apache-2.0
// What a job is made of beside its options: what was read from the world, and what is asked of it only where
// the job needs the answer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/job/base_folder.hpp"
#include "launcher/job/find_job_hosts.hpp"
#include "launcher/options/options.hpp"
#include "launcher/this_host/find_open_mpi.hpp"
#include "launcher/this_host/torchrun.hpp"
#include "topology/hwloc_plugins.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

using MachinesByHost = std::map<std::string, std::shared_ptr<const Machine>>;

// Questions that cost time, or that make no sense for every job. Each is asked at most once for a job. By
// default they are answered as on a machine where nothing is installed and no other host is known.
struct Questions {
  // Errors: no mpirun, or none of Open MPI's.
  std::function<Result<FoundOpenMpi>()> open_mpi = [] {
    return Result<FoundOpenMpi>(failure(Fault::start, "mpirun", "is not on PATH", ""));
  };
  std::function<bool()> has_mpirun = [] { return false; };  // some mpirun is on PATH
  std::function<bool(const std::string& python)> has_mpi4py = [](const std::string&) { return false; };
  std::function<Torchrun(const std::string& python)> torchrun = [](const std::string&) { return Torchrun{}; };
  std::function<bool()> has_usable_gpu = [] { return false; };  // this machine, whatever --gpus-per-host says
  std::function<bool(const std::string& host)> is_own_name = [](const std::string&) { return true; };
  std::function<std::vector<NetworkInterface>()> interfaces = [] { return std::vector<NetworkInterface>(); };
  // For each of the hosts whose name is known, the address of ours that it is reached from.
  std::function<std::vector<std::pair<std::string, std::string>>(const std::vector<std::string>& hosts)>
      routes =
          [](const std::vector<std::string>&) { return std::vector<std::pair<std::string, std::string>>(); };
  // For each of the hosts its addresses.
  std::function<std::vector<std::vector<std::string>>(const std::vector<std::string>& hosts)> addresses =
      [](const std::vector<std::string>& hosts) {
        return std::vector<std::vector<std::string>>(hosts.size());
      };
  std::function<bool(const std::string& file)> is_readable = [](const std::string&) { return false; };
  // A machine that `smlaunch topology` saved.
  std::function<Result<Machine>(const std::string& file)> saved_machine = [](const std::string& file) {
    return Result<Machine>(failure(Fault::configuration, file, "cannot be read"));
  };
  // --probe: what these hosts are.
  std::function<Result<MachinesByHost>(const std::vector<std::string>& hosts)> machines_of_hosts =
      [](const std::vector<std::string>&) { return Result<MachinesByHost>(MachinesByHost{}); };
};

struct Facts {
  Variables variables;  // smlaunch's own environment
  BaseFolder base;
  GivenHostSlots given_hosts;
  std::string hosts_source;              // of them
  std::optional<Allocation> allocation;  // of the scheduler, if it names them
  std::optional<SelfStarted> self_started;
  std::shared_ptr<const Environment> environment;
  Machine machine;                    // this one, or what --gpus-per-host makes of it
  std::string python = "python3";     // the job's interpreter: --python, else the first on PATH
  std::string smlaunch = "smlaunch";  // this program
  Questions ask;
};

// What hwloc is to open for this command.
HwlocNeeds find_hwloc_needs(const Options& options);

// This machine, or what --gpus-per-host makes of it.
Result<Machine> probe_job_machine(const Options& options);

// All that is read for every job: the container and this machine, which `smlaunch ready` does not look at.
Result<Facts> read_facts(const Options& options, const Variables& variables, const BaseFolder& base,
                         const JobHosts& hosts);

}  // namespace smlaunch
