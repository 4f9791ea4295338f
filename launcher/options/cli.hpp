// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

// --help, help or --version: a text for stdout.
struct CliAnswer {
  std::string text;
};

// Is the program (the first word) called `train`, as SageMaker calls it?
bool is_called_train(const std::vector<std::string>& command_line);

// A command line without the program's name, its first word. Where an image's entry point is this program
// under the name `train`, SageMaker adds its own word for a training: `train train`.
std::vector<std::string> arguments_of(const std::vector<std::string>& command_line);

// `arguments` without the program's name. Options may stand before or after the subcommand. All words after
// `--`, or from the first word that ends in .py on, are the entry point. Errors (Fault::usage): one clear
// line each.
Result<std::variant<Options, CliAnswer>> parse_cli(const std::vector<std::string>& arguments);

}  // namespace smlaunch
