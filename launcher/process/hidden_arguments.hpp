// SPDX-License-Identifier: Apache-2.0
// Secrets among the arguments of a program whose command line everyone may read: they travel in the
// environment, which nobody else may read.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace smlaunch {

struct HiddenArguments {
  std::vector<std::string> argv;  // a sign in the place of each secret
  std::string told;               // the secrets, for show_arguments(); empty: there are none
};

// `secret`: their places in `argv`, ascending.
HiddenArguments hide_arguments(std::vector<std::string> argv, const std::vector<std::size_t>& secret);

// The same words with the secrets in their places again.
std::vector<std::string> show_arguments(std::vector<std::string> argv, const std::string& told);

// Does one of these words stand in the place of a secret?
bool hides_arguments(const std::vector<std::string>& argv);

}  // namespace smlaunch
