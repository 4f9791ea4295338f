// SPDX-License-Identifier: Apache-2.0
// The agents' reports of where their ranks run, compared with the plan.
#pragma once

#include <string>
#include <vector>

#include "topology/bind.hpp"

namespace smlaunch {

struct RankBinding {
  int rank = 0;
  std::string planned;  // CPUs: "0-15"; "" is any
  std::string chosen;   // those that its agent asked for
  std::string bound;    // those that the kernel then gave
  std::vector<BindingNote> notes = {};
  int planned_cpus = 0;  // of the host, by the plan
  int planned_gpus = 0;
  int host_cpus = 0;  // of the host, by the agent; 0: the agent did not look
  int host_gpus = 0;
  bool by_file = false;  // the plan has its host from a file; otherwise it was assumed
};

// A sentence for each difference; several ranks of one host share a sentence where they differ in the same
// way. "rank 5: planned 32-63, runs on 0-191 (the host differs from what was assumed: it has 192 CPUs
// instead of 64)"
std::vector<std::string> render_binding_warnings(const std::vector<RankBinding>& ranks_of_one_host);

}  // namespace smlaunch
