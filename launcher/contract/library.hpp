// SPDX-License-Identifier: Apache-2.0
// The contract as a library, for training programs in C++: the counterpart of the toolkit's `Environment` and
// `entry_point.run` in Python. Installed as <smlaunch/contract.hpp>; see docs/library.md.
#pragma once

#include <string>
#include <vector>

#include "launcher/contract/entry_point.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/contract/paths.hpp"
#include "launcher/contract/result_files.hpp"

namespace smlaunch {

// The arguments of read_environment(), from this process: its variables, $SAGEMAKER_BASE_DIR or /opt/ml, its
// working directory, the machine's CPUs. It does not look for GPUs and Neuron cores: the caller sets
// num_gpus and num_neurons.
EnvironmentRequest probe_environment_request();

struct EntryPointRequest {
  std::vector<std::string> arguments;  // all of them, such as environment.entry_point.arguments
  Variables variables;                 // they replace this process's own; such as sm_variables(environment)
  std::string python = "python3";      // looked up on PATH
  bool capture_error = false;          // keep its stderr, too; it is passed on in any case
};

// How the program ended: with an exit code, or (signal is not 0) by a signal.
struct EntryPointEnd {
  int exit_code = 0;
  int signal = 0;
  std::string error_output;
  // Linux passes at most 131,071 bytes of NAME=VALUE to a program. These variables are longer and are not
  // set: their values are in files, see long_variable_file().
  std::vector<std::string> long_variables;
  [[nodiscard]] bool succeeded() const { return exit_code == 0 && signal == 0; }
};

// Runs the user's program in its folder and waits for it, also where SAGEMAKER_TRAINING_MODULE names a
// framework's module. CURRENT_HOST, SAGEMAKER_JOB_NAME, SAGEMAKER_REGION and PYTHONPATH are set as by the
// toolkit; a command below the folder is made executable. Errors: the program cannot be started
// (Fault::start), no program is named (Fault::configuration), or the file of a long variable cannot be
// written (Fault::internal).
Result<EntryPointEnd> run_entry_point(const Environment& environment, const EntryPointRequest& request);

}  // namespace smlaunch
