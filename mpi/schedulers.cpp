// SPDX-License-Identifier: Apache-2.0
// Variables: what the components of Open MPI 4.1 and PRRTE 3.0 look for before they offer themselves.
#include "mpi/schedulers.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace smlaunch {
namespace {

struct Scheduler {
  std::string_view name;
  std::array<const char*, 2> variables{};  // one of them is enough
  std::string_view allocator;              // components of the framework ras that ask it for hosts
  std::string_view starter;                // components of plm that start daemons by it
  std::string_view rsh_switch;             // with which component rsh does so, too
};

constexpr Scheduler known[] = {
    {"Slurm", {"SLURM_JOB_ID", "SLURM_JOBID"}, "slurm", "slurm", ""},
    // Open MPI 5 calls what gives hosts pbs.
    {"PBS", {"PBS_JOBID", ""}, "tm,pbs", "tm", ""},
    {"LSF", {"LSB_JOBID", ""}, "lsf", "lsf", ""},
    {"Grid Engine", {"PE_HOSTFILE", ""}, "gridengine", "", "plm_rsh_disable_qrsh"},
    {"LoadLeveler", {"LOADL_STEP_ID", ""}, "loadleveler", "", "plm_rsh_disable_llspawn"},
    {"ALPS", {"BASIL_RESERVATION_ID", "ALPS_APP_ID"}, "alps", "alps", ""},
};

void add_name(std::string& list, std::string_view name) {
  if (name.empty()) return;
  list += list.empty() ? "^" : ",";
  list += name;
}

}  // namespace

std::vector<std::string> find_schedulers(const std::map<std::string, std::string>& variables) {
  std::vector<std::string> found;
  for (const Scheduler& scheduler : known)
    if (std::any_of(scheduler.variables.begin(), scheduler.variables.end(),
                    [&](const char* name) { return variables.contains(name); }))
      found.emplace_back(scheduler.name);
  return found;
}

std::vector<MpirunOption> options_against(const std::vector<std::string>& schedulers) {
  std::string allocators, starters;
  std::vector<MpirunOption> options;
  for (const Scheduler& scheduler : known) {
    if (std::find(schedulers.begin(), schedulers.end(), scheduler.name) == schedulers.end()) continue;
    add_name(allocators, scheduler.allocator);
    add_name(starters, scheduler.starter);
    if (!scheduler.rsh_switch.empty()) options.push_back({"mca", {std::string(scheduler.rsh_switch), "1"}});
  }
  if (!starters.empty()) options.insert(options.begin(), {"mca", {"plm", starters}});
  if (!allocators.empty()) options.insert(options.begin(), {"mca", {"ras", allocators}});
  return options;
}

}  // namespace smlaunch
