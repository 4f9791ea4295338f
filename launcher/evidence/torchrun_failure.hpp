// SPDX-License-Identifier: Apache-2.0
// torchrun itself always ends with code 1, and says in words which rank failed first, and how. Its times are
// whole seconds: among ranks that failed in one second it names the lowest, though that rank may only have
// lost its peer.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/process/exit_status.hpp"

namespace smlaunch {

struct TorchrunFailure {
  int rank = 0;
  int local_rank = 0;
  ExitStatus status;
  std::vector<std::string> traceback = {};  // empty where the program does not record it (@record)
};

// All failures of torchrun's last summary, its "Root Cause" first. Empty: there is no summary.
std::vector<TorchrunFailure> find_torchrun_failures(const std::vector<std::string>& lines);

// What torchrun says of the first rank that it has found to have failed, before it stops the others:
// "failed (exitcode: -9) local_rank: 0 (pid: 12) of binary: python3".
struct TorchrunWord {
  int pid = 0;
  ExitStatus status;
  bool operator==(const TorchrunWord&) const = default;
};
std::vector<TorchrunWord> find_torchrun_words(std::string_view lines);

// For each line: is it torchrun's own, of its log, its traceback or its summary?
std::vector<bool> find_torchrun_lines(const std::vector<std::string>& lines);

// The line where the last summary begins; the number of lines: there is no summary.
std::size_t find_torchrun_summary(const std::vector<std::string>& lines);

}  // namespace smlaunch
