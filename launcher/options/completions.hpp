// SPDX-License-Identifier: Apache-2.0
// Completion of a smlaunch command line in a shell, made of the option table. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/options/option_table.hpp"

namespace smlaunch {

enum class Shell { bash, zsh, fish };

// The script that the shell loads for smlaunch. A program's own words are completed as files.
std::string render_completion(Shell shell, const OptionTable& table);

}  // namespace smlaunch
