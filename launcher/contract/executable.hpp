// SPDX-License-Identifier: Apache-2.0
// The toolkit's chmod +x of a command in the code folder (sagemaker_training/entry_point.py, install).
#pragma once

#include <filesystem>
#include <string>

namespace smlaunch {

// Is this a name with a slash that leads to a file below `folder`? The mode of any other file is left alone.
bool is_program_below(const std::string& program, const std::filesystem::path& folder);

// Lets everyone who may read a plain file execute it, if its owner may not yet. True: the mode was changed.
// Makes only system calls, so it may be called between fork and exec.
bool make_executable(const char* path);

// Both of it. `program`: its name in `folder`.
void make_program_executable(const std::string& program, const std::filesystem::path& folder);

}  // namespace smlaunch
