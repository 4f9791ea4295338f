// SPDX-License-Identifier: Apache-2.0
// What agents found, compared with what the plan says.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

struct RankBinding {
  int rank = 0;
  std::string planned;   // CPUs: "0-15"; "" is any
  std::string chosen;    // what its agent asked for
  std::string bound;     // what the kernel then said
  std::string note;      // the agent's
  int planned_cpus = 0;  // the host as the plan has it
  int planned_gpus = 0;
  int host_cpus = 0;  // the host as the agent found it; 0: it did not look
  int host_gpus = 0;
  bool by_file = false;  // the plan has its host from a file; otherwise it was assumed
};

// A sentence for each difference; what several ranks of one host share is one sentence.
// "rank 5: planned 32-63, runs on 0-191 (the host differs from what was assumed: it has 192 CPUs instead of
// 64)"
std::vector<std::string> render_binding_warnings(const std::vector<RankBinding>& ranks_of_one_host);

}  // namespace smlaunch
