// SPDX-License-Identifier: Apache-2.0
// The toolkit's Environment, attribute by attribute, as one JSON object: SM_TRAINING_ENV, but each
// dictionary in the order of its file. In a job of the SDK v3 that variable is another one.
#pragma once

#include <string>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

std::string training_env_json(const Environment& environment);

}  // namespace smlaunch
