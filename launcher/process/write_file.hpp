// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "base/error.hpp"

namespace smlaunch {

// Who can read a new file.
enum class FileReaders { owner, as_umask_says };

// Replaces `file` as a whole, and makes its folders. Errors (Fault::start): the path and the kernel's words; then the
// old file is unchanged.
Result<void> write_file(const std::filesystem::path& file, const std::string& text,
                        FileReaders readers = FileReaders::owner);

// Where nobody looks yet, and nothing of that name is there: no second name is needed until all is written. Errors
// (Fault::start): the path and the kernel's words; then there is no such file, or another's.
Result<void> write_new_file(const std::filesystem::path& file, const std::string& text);

// The error of a file that cannot be written.
Error file_not_written(const std::filesystem::path& file, int error_number);

}  // namespace smlaunch
