// SPDX-License-Identifier: Apache-2.0
// A job that can be asked what it is doing, from when it prepares its code to its exit code. A host that does not lead
// says who does, and writes no metrics.
#pragma once

#include "launcher/job/job.hpp"
#include "launcher/options/options.hpp"
#include "launcher/status/status_service.hpp"

namespace smlaunch {

class WatchedJob {
 public:
  WatchedJob(const Options& options, const Job& job);

  StatusBoard& board() { return board_; }
  // Returns `exit_code`.
  int ended(int exit_code);

 private:
  StatusBoard board_;
  StatusService service_;
};

}  // namespace smlaunch
