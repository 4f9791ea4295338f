// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

// Replaces `file` as a whole, making its folders; readable by its owner only. Errors (Fault::start): the path
// and what the kernel said; then the old file is as it was.
Result<void> write_file(const std::filesystem::path& file, const std::string& text);

// The error of a file that cannot be written.
Error file_not_written(const std::filesystem::path& file, int error_number);

}  // namespace smlaunch
