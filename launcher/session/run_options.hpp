// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "launcher/leader/run_settings.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

inline std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<long>(seconds * 1000));
}

// What the command line alone says about how a plan is performed.
RunSettings run_settings_of(const Options& options);

}  // namespace smlaunch
