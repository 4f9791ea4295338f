// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

// Replaces `file` as a whole, and makes its folders. Only its owner can read it. Errors (Fault::start): the
// path and the kernel's words; then the old file is unchanged.
Result<void> write_file(const std::filesystem::path& file, const std::string& text);

// The error of a file that cannot be written.
Error file_not_written(const std::filesystem::path& file, int error_number);

}  // namespace smlaunch
