// SPDX-License-Identifier: Apache-2.0
// The modules that AWS's images name in SAGEMAKER_TRAINING_MODULE. Each would call the Python toolkit again.
// We do its work before that call (choosing a launcher, setting variables), and run the user's program
// itself. As of aws/sagemaker-{pytorch,tensorflow,mxnet}-training-toolkit, -chainer-container and
// -xgboost-container.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

// The framework whose module this is; none for any other.
Framework parse_framework(std::string_view module);

// Why the module itself must run all the same: it starts parameter servers beside the user's program, or
// there is no program. Nothing: it need not run.
std::optional<std::string> reason_to_run_module(Framework framework, const Environment& environment);

// Does the framework's module know this launcher?
bool knows_launcher(Framework framework, LauncherKind launcher);

// The module's changes to the user's hyperparameters: TensorFlow's module gives each job of a tuning its own
// model_dir.
void set_framework_hyperparameters(Environment& environment);

// The module's variables for the user's program, without those that the launcher sets differently. All of
// them yield to the container's variables, except the place where ranks meet. `master_port`: that place's
// port, if it is known. `inherited`: the container's variables.
Variables framework_variables(const Environment& environment, LauncherKind launcher,
                              std::optional<int> master_port, const Variables& inherited);

// Those of them that differ from host to host; none where `host` is none of the distribution's hosts.
Variables framework_variables_of(const Environment& environment, const std::string& host);

// Does the module name the port where ranks meet, under a launcher that names none itself?
bool sets_master_port(Framework framework, LauncherKind launcher);

}  // namespace smlaunch
