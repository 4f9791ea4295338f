// SPDX-License-Identifier: Apache-2.0
// What torchrun prints when a rank failed: rank and code of its root cause.
#pragma once

#include <string>
#include <vector>

namespace smlaunch {

inline std::vector<std::string> summary(const std::string& rank, const std::string& code) {
  return {"torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ",
          "====",
          "train.py FAILED",
          "----",
          "Failures:",
          "[1]:",
          "  rank      : 0 (local_rank: 0)",
          "  exitcode  : -15 (pid: 11)",
          "----",
          "Root Cause (first observed failure):",
          "[0]:",
          "  time      : 2026-01-01_00:00:00",
          "  host      : algo-1",
          "  rank      : " + rank + " (local_rank: 1)",
          "  exitcode  : " + code + " (pid: 12)",
          "  error_file: <N/A>"};
}

inline std::vector<std::string> after(std::vector<std::string> lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
  return lines;
}

inline const std::vector<std::string> traceback = {"Traceback (most recent call last):", "  File \"x.py\"",
                                                   "ValueError: x"};

}  // namespace smlaunch
