// SPDX-License-Identifier: Apache-2.0
// A file with its packing taken off, piece by piece: counted, its sum checked, its end remembered.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "launcher/contract/code/archive_library.hpp"
#include "launcher/contract/code/archive_rules.hpp"
#include "launcher/contract/code/crc32.hpp"

namespace smlaunch {

// Why nothing more comes.
struct PackedProblem {
  enum class Kind { unreadable, too_large, cancelled };
  Kind kind = Kind::unreadable;
  std::string what;
};

// Packed by gzip, bzip2, xz, lzma, zstd or lz4, once or not at all.
class PackedFile {
 public:
  // `rules`: how large it may become. `cancelled`: looked at before every piece.
  PackedFile(const ArchiveLibrary& library, std::filesystem::path file, const ArchiveRules& rules,
             const std::atomic<bool>* cancelled);

  // The next piece; empty at the end, or where there is a problem().
  std::string_view next();

  [[nodiscard]] const std::optional<PackedProblem>& problem() const { return problem_; }
  [[nodiscard]] bool is_packed() const { return library_.filter_count(packed_.get()) > 1; }
  [[nodiscard]] std::uint64_t size() const { return size_; }  // of all pieces so far
  [[nodiscard]] std::uint64_t zeros_at_end() const { return zeros_at_end_; }

  // At the end. Of a gzip file of one member: is its sum wrong?
  [[nodiscard]] bool has_wrong_sum() const;
  // Bytes of the file that the packing leaves over, such as a second file behind it; all zeros are padding.
  [[nodiscard]] std::uint64_t left_over() const;

 private:
  std::string_view read_block();
  [[nodiscard]] PackedProblem unreadable() const;
  [[nodiscard]] std::uint64_t taken() const;  // bytes of the file
  [[nodiscard]] bool is_gzip() const;

  const ArchiveLibrary& library_;
  std::filesystem::path file_;
  ArchiveReader packed_;
  const ArchiveRules& rules_;
  const std::atomic<bool>* cancelled_;
  Crc32 sum_;
  std::uint64_t packed_size_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t zeros_at_end_ = 0;
  bool at_end_ = false;
  std::optional<PackedProblem> problem_;
};

}  // namespace smlaunch
