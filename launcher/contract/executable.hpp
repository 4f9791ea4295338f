// SPDX-License-Identifier: Apache-2.0
// The toolkit's chmod +x of a command in the code folder (sagemaker_training/entry_point.py, install).
#pragma once

#include <filesystem>
#include <string>

namespace smlaunch {

// A name with a slash that leads to a file below `folder`: of anybody else's the mode is left alone.
bool is_program_below(const std::string& program, const std::filesystem::path& folder);

// Lets those who may read a plain file execute it, where its owner may not yet. Was anything changed? Makes
// only system calls: it may be called between fork and exec.
bool make_executable(const char* path);

// Both: `program` as it is named in `folder`.
void make_program_executable(const std::string& program, const std::filesystem::path& folder);

}  // namespace smlaunch
