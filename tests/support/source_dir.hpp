// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace smlaunch {

// The project's root, where tests find the files that they read.
std::filesystem::path source_dir();

}  // namespace smlaunch
