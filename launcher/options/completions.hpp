// SPDX-License-Identifier: Apache-2.0
// What a shell completes of a smlaunch command line, made of the option table. Pure.
#pragma once

#include <string>
#include <vector>

#include "launcher/options/option_table.hpp"

namespace smlaunch {

enum class Shell { bash, zsh, fish };

// The script that the shell is to load for smlaunch. A program's own words are files.
std::string render_completion(Shell shell, const OptionTable& table);

}  // namespace smlaunch
