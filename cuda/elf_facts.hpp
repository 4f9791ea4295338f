// SPDX-License-Identifier: Apache-2.0
// What an ELF file says of itself: which build it is, and which libraries it asks the loader for. Read in
// bounded pieces: a library of a gigabyte costs a few kilobytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace smlaunch {

struct ElfFacts {
  std::string build_id;              // GNU build id in hexadecimal; empty: it has none
  std::vector<std::string> needed;   // DT_NEEDED, in order
  std::vector<std::string> rpath;    // DT_RPATH's folders as they stand there, such as $ORIGIN/../lib
  std::vector<std::string> runpath;  // the same of DT_RUNPATH
  bool operator==(const ElfFacts&) const = default;
};

// `size` bytes from `offset` on; fewer where the file ends.
using ReadAt = std::function<std::string(std::uint64_t offset, std::size_t size)>;

// Nothing: no 64-bit little-endian ELF file. What of it is damaged, or beyond all reason in number or size,
// is left out.
std::optional<ElfFacts> parse_elf(const ReadAt& read);

// Nothing also where the file cannot be read.
std::optional<ElfFacts> read_elf_file(const std::filesystem::path& file);

}  // namespace smlaunch
