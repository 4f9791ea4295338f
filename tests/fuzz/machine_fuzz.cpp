// SPDX-License-Identifier: Apache-2.0
// Machines in files: hwloc's XML, and our JSON.
#include "tests/fuzz/fuzz.hpp"
#include "topology/machine_json.hpp"
#include "topology/probe_machine.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  (void)parse_machine_json(bytes, "file");
  (void)parse_machine_xml(std::string(bytes), "file");
}

}  // namespace smlaunch
