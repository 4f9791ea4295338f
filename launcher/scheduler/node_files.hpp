// SPDX-License-Identifier: Apache-2.0
// Schedulers that name the hosts in a file: PBS, LSF, Kubernetes' MPI Operator. Nothing: the environment does
// not show this one. Errors: its file cannot be read, or holds no list of hosts.
#pragma once

#include "launcher/scheduler/allocation.hpp"

namespace smlaunch {

inline constexpr const char* mpi_operator_hostfile = "/etc/mpi/hostfile";
inline constexpr const char* mpi_operator_variable = "OMPI_MCA_orte_default_hostfile";

Result<std::optional<Allocation>> find_pbs_allocation(const Variables& variables,
                                                      const SchedulerWorld& world);
Result<std::optional<Allocation>> find_lsf_allocation(const Variables& variables,
                                                      const SchedulerWorld& world);
Result<std::optional<Allocation>> find_mpi_operator_allocation(const Variables& variables,
                                                               const SchedulerWorld& world);

}  // namespace smlaunch
