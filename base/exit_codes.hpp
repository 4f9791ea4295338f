// SPDX-License-Identifier: Apache-2.0
// smlaunch's own exit codes, in the one place where they are numbers. The code of the first rank that fails
// passes through beside them.
#pragma once

#include "base/error.hpp"

namespace smlaunch {

namespace exit_codes {
inline constexpr int usage = 64;
inline constexpr int not_ready = 69;
inline constexpr int internal = 70;
inline constexpr int start = 71;
inline constexpr int smoke = 75;
inline constexpr int lost = 76;
inline constexpr int configuration = 78;
}  // namespace exit_codes

constexpr int exit_code_of(Fault fault) {
  switch (fault) {
    case Fault::usage: return exit_codes::usage;
    case Fault::configuration: return exit_codes::configuration;
    case Fault::start: return exit_codes::start;
    case Fault::internal: return exit_codes::internal;
    case Fault::not_ready: return exit_codes::not_ready;
  }
  return exit_codes::internal;
}

}  // namespace smlaunch
