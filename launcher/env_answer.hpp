// SPDX-License-Identifier: Apache-2.0
// What `smlaunch env` prints.
#pragma once

#include <string>

#include "launcher/contract/environment.hpp"
#include "launcher/options.hpp"

namespace smlaunch {

// `smlaunch.env/1`, NAME=value lines, or lines that a POSIX shell reads.
std::string render_env(const Environment& environment, const LauncherChoice& launcher, Format format);

}  // namespace smlaunch
