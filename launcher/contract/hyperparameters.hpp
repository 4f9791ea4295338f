// SPDX-License-Identifier: Apache-2.0
// From hyperparameters.json: three sets, the user's arguments, and values of variables (the toolkit's
// params.py and mapping.py).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/contract/config_file.hpp"
#include "launcher/contract/python_value.hpp"

namespace smlaunch {

struct Hyperparameters {
  PyDict user;
  PyDict framework;  // sagemaker_* keys that are not the toolkit's own
  PyDict sagemaker;  // the same and the toolkit's own
  PyDict all;        // in the order of the file
};

// Text that is JSON becomes its value; everything else stays.
PyValue decode_hyperparameter(const PyValue& value);

// The values of `raw`, decoded.
Hyperparameters split_hyperparameters(const PyDict& raw);

// Names and values that no process can get.
void check_hyperparameters(const Hyperparameters& hyperparameters, ConfigProblems& problems);

// "--lr 0.1 -x 3": sorted by name, one dash before a name of one letter.
std::vector<std::string> command_arguments(const PyDict& user);

// A value for a variable: None as empty text, text as it is, everything else as JSON.
std::string variable_value(const PyValue& value);

// Why a variable cannot have `name`; nothing: it can.
std::optional<std::string> variable_name_problem(std::string_view name);

// The bytes that Python hands to the system for this text: U+DC80 to U+DCFF stand for the bytes 0x80 to
// 0xFF. Nothing for other lone surrogates and for NUL.
std::optional<std::string> system_bytes(std::string_view text);

}  // namespace smlaunch
