// SPDX-License-Identifier: Apache-2.0
// Archives of the user's code: whatever they hold, nothing appears outside the folder.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "launcher/contract/code/unpack_archive.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace smlaunch {

void fuzz(std::string_view bytes) {
  static const std::filesystem::path root = [] {
    std::string name = (std::filesystem::temp_directory_path() / "fuzz-archive-XXXXXX").string();
    return std::filesystem::path(mkdtemp(name.data()));
  }();
  const std::filesystem::path file = root / "code.tar.gz";
  const std::filesystem::path folder = root / "code";
  std::filesystem::create_directory(folder);
  std::ofstream(file, std::ios::binary) << bytes;
  ArchiveBounds bounds;
  bounds.bytes = 1U << 20U;
  (void)is_archive(file);
  (void)unpack_archive(file, "code.tar.gz", folder, bounds);
  std::filesystem::remove_all(folder);
  std::size_t beside = 0;
  for (const auto& each : std::filesystem::directory_iterator(root)) beside += each.path() != file ? 1 : 0;
  must(beside == 0);
}

}  // namespace smlaunch
