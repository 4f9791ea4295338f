// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "launcher/scheduler/allocation.hpp"

namespace smlaunch {

// The job's hosts, or those of the step that this process is a task of; its variables alone count then.
// Nothing: this is no Slurm job. Errors: the variables contradict each other (Fault::configuration); the step
// starts smlaunch several times on a host (Fault::usage). `options`: of hosts that start themselves.
Result<std::optional<Allocation>> find_slurm_allocation(const Variables& variables,
                                                        const Options& options = {});

// "8(x2),4" -> 8 8 4. Nothing: it is no such list.
std::optional<std::vector<int>> parse_slurm_counts(std::string_view text);

}  // namespace smlaunch
