// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "launcher/contract/environment.hpp"

namespace smlaunch {

// A variable's value; empty where there is none.
inline std::string value_of(const Variables& variables, const std::string& name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace smlaunch
