// SPDX-License-Identifier: Apache-2.0
// The modules that AWS's images name in SAGEMAKER_TRAINING_MODULE. Each would call the Python toolkit again;
// what it does before that - choosing a launcher, setting variables - is done here, and the user's program is
// run itself. As of aws/sagemaker-{pytorch,tensorflow,mxnet}-training-toolkit, -chainer-container and
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
// there is no program. Empty: it need not.
std::string reason_to_run_module(Framework framework, const Environment& environment);

// Does the framework's module know this launcher?
bool knows_launcher(Framework framework, LauncherKind launcher);

// What the module changes in the user's hyperparameters: TensorFlow's gives each job of a tuning its own
// model_dir.
void set_framework_hyperparameters(Environment& environment);

// What the module sets for the user's program, but for what the launcher sets otherwise. All but
// where ranks meet yield to what the container sets. `master_port`: of that place, if it is known;
// `inherited`: the container's variables.
Variables framework_variables(const Environment& environment, LauncherKind launcher,
                              std::optional<int> master_port, const Variables& inherited);

// Those of them that differ from host to host: `host` is one of the distribution's, or there are none.
Variables framework_variables_of(const Environment& environment, const std::string& host);

// Does the module name the port at which ranks meet under this launcher, which names none itself?
bool sets_master_port(Framework framework, LauncherKind launcher);

}  // namespace smlaunch
