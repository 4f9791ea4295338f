// SPDX-License-Identifier: Apache-2.0
// The contract as a library, for a training program written in C++: what the toolkit's `Environment` and
// `entry_point.run` are in Python. Installed as <smlaunch/contract.hpp>; see docs/library.md.
#pragma once

#include <string>
#include <vector>

#include "launcher/contract/entry_point.hpp"
#include "launcher/contract/environment.hpp"
#include "launcher/contract/paths.hpp"
#include "launcher/contract/result_files.hpp"

namespace smlaunch {

// What read_environment() takes, from this process: its variables, $SAGEMAKER_BASE_DIR or /opt/ml, its
// folder, the machine's CPUs. GPUs and Neuron cores are not looked for: num_gpus and num_neurons are the
// caller's to set.
EnvironmentRequest probe_environment_request();

struct EntryPointRequest {
  std::vector<std::string> arguments;  // beside these, none: give environment.entry_point.arguments
  Variables variables;                 // over this process's own: give sm_variables(environment)
  std::string python = "python3";      // looked up on PATH
  bool capture_error = false;          // keep what it writes to stderr, which is passed on all the same
};

// How the program ended: with an exit code, or (signal is not 0) by a signal.
struct EntryPointEnd {
  int exit_code = 0;
  int signal = 0;
  std::string error_output;
  // Linux passes no more than 131,071 bytes of NAME=VALUE to a program. These were longer and are not set:
  // their values lie in files, see long_variable_file().
  std::vector<std::string> long_variables;
  [[nodiscard]] bool succeeded() const { return exit_code == 0 && signal == 0; }
};

// Runs the user's program in its folder and waits for it, also where SAGEMAKER_TRAINING_MODULE names a
// framework's module. It finds CURRENT_HOST, SAGEMAKER_JOB_NAME, SAGEMAKER_REGION and PYTHONPATH as the
// toolkit sets them; a command below the folder is made executable. Errors: it cannot be started
// (Fault::start), no program is named (Fault::configuration), or the file of a long variable cannot be
// written (Fault::internal).
Result<EntryPointEnd> run_entry_point(const Environment& environment, const EntryPointRequest& request);

}  // namespace smlaunch
