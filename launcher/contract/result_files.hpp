// SPDX-License-Identifier: Apache-2.0
// BASE/output/success and BASE/output/failure, as SageMaker reads them.
#pragma once

#include <string>

#include "launcher/contract/paths.hpp"
#include "topology/error.hpp"

namespace smlaunch {

// Creates the empty success file (and its folder).
Result<void> write_success_file(const Paths& paths);

// Writes `text` unless the user's code has written a failure file already: then that
// stays. SageMaker shows its first 1,024 characters. Valid UTF-8 whatever `text` holds.
Result<void> write_failure_file(const Paths& paths, const std::string& text);

}  // namespace smlaunch
