// SPDX-License-Identifier: Apache-2.0
// What an ELF file says of itself: which build it is, and which libraries it asks the loader for. The file is
// read in small pieces: a library of a gigabyte costs a few kilobytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace smlaunch {

struct ElfFacts {
  std::string build_id;              // GNU build id in hexadecimal; empty: it has none
  std::vector<std::string> needed;   // DT_NEEDED, in order
  std::vector<std::string> rpath;    // DT_RPATH's folders as they stand there, such as $ORIGIN/../lib
  std::vector<std::string> runpath;  // DT_RUNPATH's folders in the same form
  bool operator==(const ElfFacts&) const = default;
};

// `size` bytes from `offset` on; fewer where the file ends.
using ReadAt = std::function<std::string(std::uint64_t offset, std::size_t size)>;

// Nothing: this is no 64-bit little-endian ELF file. Damaged parts, and parts of an unreasonable number or
// size, are left out.
std::optional<ElfFacts> parse_elf(const ReadAt& read);

// The same for a file; nothing also where the file cannot be read.
std::optional<ElfFacts> read_elf_file(const std::filesystem::path& file);

// The text that a library offers by this name, a `const char NAME[]`; nothing where it offers none. It is found as the
// loader finds it, by the table of hashes (DT_GNU_HASH): without one, nothing is.
std::optional<std::string> parse_elf_text(const ReadAt& read, std::string_view name);
std::optional<std::string> read_elf_text(const std::filesystem::path& file, std::string_view name);

}  // namespace smlaunch
