// SPDX-License-Identifier: Apache-2.0
// A tar archive, packed or not, into a folder.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "launcher/contract/code/archive_rules.hpp"

namespace smlaunch {

// Is `file` an archive, and no program: is it packed (gzip, bzip2, xz, lzma, zstd, lz4), a tar archive, or
// called *.tar, *.tgz, *.tar.*? False where it cannot be read. True where libarchive cannot be opened:
// unpack_archive() says so.
bool is_archive(const std::filesystem::path& file);

// Unpacks the tar archive `file` into the empty `folder`. `name`: what messages call it. Modes are those of
// the archive without set-id bits and without write permission for others, less the umask; the owner may
// always read and write. Owners are ours. Errors (Fault::configuration): it is none, is cut off or damaged,
// something follows its end, it is larger than `bounds`, or ArchiveRules refuse an entry, which is named.
// What was unpacked until then stays. Returns a sentence for each of the first twenty entries that
// ArchiveRules leave out or rename, and one with the count of all others. Goes to `folder` meanwhile, and
// back: not for a process with other threads. `cancelled`: looked at now and then; then Fault::start.
Result<std::vector<std::string>> unpack_archive(const std::filesystem::path& file, const std::string& name,
                                                const std::filesystem::path& folder,
                                                const ArchiveBounds& bounds = {},
                                                const std::atomic<bool>* cancelled = nullptr);

}  // namespace smlaunch
