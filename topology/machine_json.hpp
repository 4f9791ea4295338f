// SPDX-License-Identifier: Apache-2.0
// A machine as JSON, "smlaunch.topology/1": what `smlaunch topology --format json` prints and `--topology`
// accepts.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "topology/machine.hpp"

namespace smlaunch {

inline constexpr const char* machine_schema = "smlaunch.topology/1";

std::string render_machine_json(const Machine& machine);

// `where` names the text in errors; all errors are reported. Unknown keys are accepted; only `schema` and
// `numa_nodes` must be there.
Result<Machine> parse_machine_json(std::string_view text, const std::string& where);

// A saved machine: hwloc's XML or this JSON, told apart by the first character; from a pipe too, 64 MiB at
// most.
Result<Machine> read_machine_file(const std::string& path);

}  // namespace smlaunch
