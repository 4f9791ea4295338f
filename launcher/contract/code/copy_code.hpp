// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <filesystem>

#include "base/error.hpp"

namespace smlaunch {

// What is in `source` into the empty `folder`, as shutil.copytree has it: links are followed, modes and times
// are kept. Errors (Fault::configuration, the entry named): a link that leads nowhere or in a circle, what is
// no file or folder; (Fault::start): it cannot be read or written. `cancelled`: looked at before every entry.
Result<void> copy_code_folder(const std::filesystem::path& source, const std::filesystem::path& folder,
                              const std::atomic<bool>* cancelled = nullptr);

// One file, with its mode and times.
Result<void> copy_code_file(const std::filesystem::path& file, const std::filesystem::path& to);

}  // namespace smlaunch
