// SPDX-License-Identifier: Apache-2.0
// The modules that AWS's images name in SAGEMAKER_TRAINING_MODULE. Each would call the Python toolkit again;
// what it does before that - choosing a launcher, setting variables - is done here, and the user's program is
// run itself. As of aws/sagemaker-{pytorch,tensorflow,mxnet}-training-toolkit, -chainer-container and
// -xgboost-container.
#pragma once

#include <string>
#include <string_view>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

// The framework whose module this is; none for any other.
Framework parse_framework(std::string_view module);

// Why the module itself must run all the same: it starts parameter servers beside the user's program, or
// there is no program. Empty: it need not.
std::string reason_to_run_module(Framework framework, const Environment& environment);

// Does the framework's module know this launcher?
bool knows_launcher(Framework framework, LauncherKind launcher);

// What the module sets for the user's program. They yield to what the container sets.
Variables framework_variables(const Environment& environment, LauncherKind launcher);

}  // namespace smlaunch
