// SPDX-License-Identifier: Apache-2.0
// How many processes the hyperparameters ask for (sagemaker_training/runner.py, mpi.py; Chainer's module has
// keys of its own, which come first). A hyperparameter that the launcher does not use may hold anything.
#pragma once

#include <optional>
#include <string>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

struct ProcessCounts {
  std::optional<int> per_host;  // nothing: not said, or not used by the launcher
  std::optional<int> in_all;
  std::string per_host_source;  // "hyperparameter KEY"
  std::string in_all_key;
};

// A number may also come as text. Errors (Fault::configuration): a value that is used and is no whole number
// above 0. But sagemaker_mpi_num_processes counts as missing where it is false in Python's sense, such as 0
// and "".
Result<ProcessCounts> parse_process_counts(const Environment& environment, LauncherKind launcher);

}  // namespace smlaunch
