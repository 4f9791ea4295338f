// SPDX-License-Identifier: Apache-2.0
// Secrets that mpirun is not told. Everyone on a host reads its command line, and it sends its daemons unencrypted what
// it is told. Of its environment it passes on OMPI_MCA_* by itself, on the command lines of ssh and of its daemons.
#pragma once

#include <string>
#include <vector>

#include "launcher/plan/plan.hpp"

namespace smlaunch {

struct KeptFromMpirun {
  std::vector<std::string> variables;  // names: no -x says them
  Variables parameters;                // MCA parameters, as the variables in which the ranks find them
  std::vector<std::string> removed;    // variables that must not be in mpirun's environment
  UserOptions user;  // the user's other options; notes and warnings say what is kept, and show no secret
};

// Not kept from mpirun: a secret that its daemons need (plm_*, oob_*, …), or that stands in an option of another kind. A
// warning says so.
KeptFromMpirun keep_from_mpirun(const JobSpec& spec, const LaunchPlan& plan);

// "-mca foo_password <redacted>": the user's option as messages may show it.
std::string shown_option(const MpirunOption& option);

}  // namespace smlaunch
