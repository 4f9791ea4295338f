// SPDX-License-Identifier: Apache-2.0
// Host lists as users write them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace smlaunch {

struct HostSlots {
  std::string name;
  std::optional<int> slots;  // nothing: not said
  bool operator==(const HostSlots&) const = default;
};

// "a:8,b:8", or "gn[01-04,7]:8 login": commas, blanks or newlines between hosts, ranges in Slurm's syntax
// (base/host_ranges.hpp); the slots are those of each of its hosts. `where` names the option in errors.
// Errors (Fault::usage): an empty list or name, a range that is none, a name with a leading dash or other
// than letters, digits, '.', '-', '_' (and [IPv6]), a repeated name, slots that are no number from 1 to
// 65,536.
Result<std::vector<HostSlots>> parse_host_option(std::string_view text, std::string_view where);

// Open MPI's hostfile (mpirun(1)): `name slots=N max_slots=N`, `name:N`, comments with #, blank lines; a name
// that is repeated without slots adds one slot, as in Open MPI. A line may name several hosts as --hosts
// does; what it sets is set for each. Errors (Fault::configuration) with file and line.
Result<std::vector<HostSlots>> parse_hostfile(std::string_view text, std::string_view file);

}  // namespace smlaunch
