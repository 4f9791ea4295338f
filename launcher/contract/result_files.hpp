// SPDX-License-Identifier: Apache-2.0
// Files below BASE/output: success and failure, as SageMaker reads them, and values that are too long for a
// variable.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "launcher/contract/paths.hpp"

namespace smlaunch {

// Creates the empty success file (and its folder).
Result<void> write_success_file(const Paths& paths);

// Writes `text`, unless the user's code has written a failure file already. SageMaker shows its first 1,024
// characters. The file is valid UTF-8 whatever `text` holds.
Result<void> write_failure_file(const Paths& paths, const std::string& text);

// The file of a variable whose value is too long for Linux to pass: BASE/output/data/smlaunch/env/NAME.
std::filesystem::path long_variable_file(const Paths& paths, const std::string& name);

// Writes the value there, and makes missing folders. Only its owner can read it.
Result<void> write_long_variable(const Paths& paths, const std::string& name, const std::string& value);

}  // namespace smlaunch
