// SPDX-License-Identifier: Apache-2.0
// What is written below BASE/output: success and failure, as SageMaker reads them, and what is too long for a
// variable.
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"
#include "launcher/contract/paths.hpp"

namespace smlaunch {

// Creates the empty success file (and its folder).
Result<void> write_success_file(const Paths& paths);

// Writes `text` unless the user's code has written a failure file already: then that
// stays. SageMaker shows its first 1,024 characters. Valid UTF-8 whatever `text` holds.
Result<void> write_failure_file(const Paths& paths, const std::string& text);

// Where a variable's value lies that Linux does not pass to a program: BASE/output/data/smlaunch/env/NAME.
std::filesystem::path long_variable_file(const Paths& paths, const std::string& name);

// Puts the value there, with the folders that lack; readable by its owner only.
Result<void> write_long_variable(const Paths& paths, const std::string& name, const std::string& value);

}  // namespace smlaunch
