// SPDX-License-Identifier: Apache-2.0
// What `smlaunch env` prints.
#pragma once

#include <string>
#include <vector>

#include "launcher/contract/environment.hpp"
#include "launcher/options/options.hpp"

namespace smlaunch {

struct EnvAnswer {
  std::string text;
  std::vector<std::string> left_out;  // variables that no POSIX shell can have, because of their names
};

// `smlaunch.env/1`, NAME=value lines, or `export` lines that a POSIX shell reads: without running anything,
// whatever a name or a value holds.
EnvAnswer render_env(const Environment& environment, const LauncherChoice& launcher, Format format);

// One line about those that were left out; empty where none was.
std::string render_left_out(const EnvAnswer& answer);

}  // namespace smlaunch
