// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>

#include "base/error.hpp"

namespace smlaunch {

// Copies the content of `source` into the empty `folder`, as shutil.copytree does: links are followed, modes
// and times are kept. Errors (Fault::configuration, with the entry): a link that leads nowhere or in a
// circle, an entry that is no file or folder; (Fault::start): it cannot be read or written. `cancelled`:
// looked at before every entry.
Result<void> copy_code_folder(const std::filesystem::path& source, const std::filesystem::path& folder,
                              const std::atomic<bool>* cancelled = nullptr);

// Copies one file, with its mode and times.
Result<void> copy_code_file(const std::filesystem::path& file, const std::filesystem::path& to);

}  // namespace smlaunch
